using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace Refinery.KubernetesRunner;

/// <summary>Hands files to and from the pods by way of the server's artifacts, each under its sha256.</summary>
internal sealed class ServerFiles(RunnerSettings settings, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan AwayLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan TransferLimit = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    private readonly Patience patience = new(clock);
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(5) })
    {
        BaseAddress = settings.FilesUrl,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Stores a file.</summary>
    /// <returns>Its digest.</returns>
    /// <exception cref="CallException">The server does not take it.</exception>
    public async Task<string> StoreAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        var sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
        return await patience.CallAsync(
            async stop =>
            {
                await using var content = File.OpenRead(path);
                using var request = new HttpRequestMessage(HttpMethod.Put, PathOf(sha256)) { Content = new StreamContent(content) };
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
                return await SendAsync(request, TransferLimit, (_, _) => Task.FromResult(sha256), stop);
            },
            AwayLimit,
            cancellationToken);
    }

    /// <summary>Fetches a wheel into a folder.</summary>
    /// <exception cref="CallException">The server does not give it.</exception>
    public Task FetchAsync(StoredWheel wheel, string folder, CancellationToken cancellationToken) => patience.CallAsync(
        stop =>
        {
            var request = new HttpRequestMessage(HttpMethod.Get, PathOf(wheel.Sha256));
            return SendAsync(request, TransferLimit, (response, end) => SaveAsync(response, wheel, Path.Combine(folder, wheel.FileName), end), stop);
        },
        AwayLimit,
        cancellationToken);

    /// <summary>Why the server is not there; null when it is.</summary>
    public async Task<string?> FaultAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "api/health");
            return await SendAsync(request, AnswerLimit, (_, _) => Task.FromResult<string?>(null), cancellationToken);
        }
        catch (CallException fault)
        {
            return $"{fault.Message} KUBERNETES_FILES_URL is expected to be this server's address as pods see it.";
        }
    }

    public void Dispose() => http.Dispose();

    private static string PathOf(string sha256) => $"api/artifacts/sha256/{sha256}";

    private async Task<T> SendAsync<T>(HttpRequestMessage request, TimeSpan limit, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(limit, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        if (settings.Token is { } token)
        {
            request.Headers.Add("X-Worker-Token", token);
        }

        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop.Token);
            return response.IsSuccessStatusCode
                ? await read(response, stop.Token)
                : throw new CallException((int)response.StatusCode, $"The server at {settings.FilesUrl} answered {(int)response.StatusCode} to {request.Method} {request.RequestUri}.");
        }
        catch (OperationCanceledException fault) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CallException(0, $"The server at {settings.FilesUrl} did not answer in time.", fault);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw new CallException(0, $"The server at {settings.FilesUrl} cannot be reached: {fault.Message.TrimEnd('.')}.", fault);
        }
    }

    private async Task<string> SaveAsync(HttpResponseMessage response, StoredWheel wheel, string path, CancellationToken cancellationToken)
    {
        await using var content = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using (var file = File.Create(path))
        {
            await content.CopyToAsync(file, cancellationToken);
        }

        await using var saved = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(saved, cancellationToken)) == wheel.Sha256
            ? path
            : throw new CallException(0, $"The server at {settings.FilesUrl} gave a wheel that has not the digest {wheel.Sha256}.");
    }
}
