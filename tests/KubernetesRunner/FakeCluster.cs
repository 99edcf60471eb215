using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Refinery.Tests.KubernetesRunner;

/// <summary>A cluster on loopback: an API server with TLS, accounts and a Role, and a node whose containers are processes.</summary>
internal sealed class FakeCluster : IAsyncDisposable
{
    public const string Namespace = "builds";

    private readonly ConcurrentDictionary<HttpContext, bool> streams = new();
    private readonly string? serverName;
    private WebApplication? app;
    private int port;

    private FakeCluster(string? serverName)
    {
        this.serverName = serverName;
        Kubelet = new Kubelet(Objects);
        Api = new ClusterApi(Objects, Kubelet);
    }

    public TestAuthority Authority { get; } = new();

    public ClusterObjects Objects { get; } = new();

    public Kubelet Kubelet { get; }

    public ClusterApi Api { get; }

    public string Root => $"https://127.0.0.1:{port}";

    /// <summary>How many calls came with credentials that are not taken.</summary>
    public int Strangers { get; private set; }

    /// <summary>The token that is taken now.</summary>
    public string Token { get; set; } = "account-token-1";

    /// <summary>Starts it.</summary>
    /// <param name="serverName">The one name that its certificate is for; null for its address.</param>
    public static async Task<FakeCluster> StartAsync(string? serverName = null)
    {
        var cluster = new FakeCluster(serverName);
        await cluster.OpenAsync();
        return cluster;
    }

    /// <summary>Starts the API server, again on the port it had before; the node goes on without it.</summary>
    public async Task OpenAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = Authority.ForServer(serverName);
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.ClientCertificateValidation = (certificate, _, _) => Authority.Signed(certificate);
        })));
        builder.Logging.ClearProviders();
        app = builder.Build();
        app.Run(AnswerAsync);
        await app.StartAsync();
        port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
    }

    /// <summary>Stops the API server as a crash does.</summary>
    public async Task CloseAsync()
    {
        Cut();
        await app!.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }

    /// <summary>Breaks every connection that is open.</summary>
    public void Cut()
    {
        foreach (var context in streams.Keys)
        {
            context.Abort();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        await Kubelet.DisposeAsync();
        Authority.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        streams[context] = true;
        try
        {
            if (context.Connection.ClientCertificate is null && context.Request.Headers.Authorization != $"Bearer {Token}")
            {
                Strangers++;
                await ClusterApi.RefuseAsync(context, 401, "Unauthorized", "Unauthorized");
                return;
            }

            await Api.AnswerAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
        }
        finally
        {
            streams.TryRemove(context, out _);
        }
    }
}
