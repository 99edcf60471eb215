# The program for every role: a host by default, a worker as `docker run refinery worker --server URL`.
ARG DOTNET_SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0
ARG DOTNET_ASPNET_IMAGE=mcr.microsoft.com/dotnet/aspnet:10.0

FROM ${DOTNET_SDK_IMAGE} AS build
WORKDIR /source
COPY . .
RUN dotnet publish host -c Release -o /opt/refinery

FROM ${DOTNET_ASPNET_IMAGE}
# What wheels are built with, Kafka's library, and curl for health checks.
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv python3-pip python3-dev gcc g++ libc6-dev librdkafka1 ca-certificates curl \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --create-home refinery \
    && install -d -o refinery -g refinery /data /shared
COPY --from=build /opt/refinery /opt/refinery
USER refinery
WORKDIR /data
ENV DATA_DIR=/data ASPNETCORE_URLS=http://0.0.0.0:8080
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["dotnet", "/opt/refinery/refinery.dll"]
