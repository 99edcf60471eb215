using System.Diagnostics;
using Refinery.Tests.Plugins;

namespace Refinery.Tests.Deploy;

/// <summary>A real nginx with the configuration that is delivered; nothing but the addresses in it is changed.</summary>
internal sealed class NginxServer : IAsyncDisposable
{
    private const string Program = "/usr/sbin/nginx";

    private readonly TemporaryFolder folder;
    private readonly Process process;

    private NginxServer(Process process, TemporaryFolder folder, Uri address)
    {
        this.process = process;
        this.folder = folder;
        Http = new HttpClient { BaseAddress = address };
    }

    /// <summary>Calls through it.</summary>
    public HttpClient Http { get; }

    /// <summary>Starts it in front of hosts.</summary>
    public static async Task<NginxServer> StartAsync(params Uri[] hosts)
    {
        Assert.True(File.Exists(Program), "nginx is not installed; Debian's package 'nginx-light' has it.");
        var place = new TemporaryFolder();
        var address = $"127.0.0.1:{RedisServer.FreePort()}";
        var text = await File.ReadAllTextAsync(Path.Combine(Paths.Repository, "deploy", "nginx.conf"));
        text = text.Replace("listen 8080;", $"listen {address};", StringComparison.Ordinal);
        for (var index = 0; index < hosts.Length; index++)
        {
            Assert.Contains($"server host-{index + 1}:8080 ", text, StringComparison.Ordinal);
            text = text.Replace($"server host-{index + 1}:8080 ", $"server {hosts[index].Authority} ", StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(place.File("nginx.conf"), text);
        var server = new NginxServer(Process.Start(new ProcessStartInfo(Program, ["-p", place.Path, "-c", place.File("nginx.conf"), "-g", "daemon off;"])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        })!, place, new Uri($"http://{address}"));
        await Wait.UntilAsync(server.AnswersAsync);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        using (var quit = Process.Start("kill", ["-TERM", $"{process.Id}"]))
        {
            await quit.WaitForExitAsync();
        }

        await process.WaitForExitAsync();
        process.Dispose();
        folder.Dispose();
    }

    private async Task<bool> AnswersAsync()
    {
        if (process.HasExited)
        {
            throw new InvalidOperationException($"nginx ended: {await process.StandardError.ReadToEndAsync()}");
        }

        try
        {
            using var answer = await Http.GetAsync("/healthz");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
