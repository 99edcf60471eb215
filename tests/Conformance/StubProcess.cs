using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Refinery.Tests.Conformance;

/// <summary>The cases' own webhook, a process that records what a worker is sent.</summary>
internal sealed class StubProcess : IAsyncDisposable
{
    private readonly Process process;

    private StubProcess(Process process, int port)
    {
        this.process = process;
        Url = $"http://127.0.0.1:{port}";
    }

    public string Url { get; }

    public static async Task<StubProcess> StartAsync()
    {
        var port = FreePort();
        var stub = new StubProcess(Process.Start(new ProcessStartInfo("python3", [ConformanceFolder.File("webhook_stub.py"), $"{port}"]))!, port);
        using var http = new HttpClient();
        await Wait.UntilAsync(async () =>
        {
            try
            {
                return (await http.GetAsync($"{stub.Url}/requests")).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        return stub;
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
