using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Refinery.Host;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests;

/// <summary>The real host in this process: real port, real files in a temporary folder, real plugins.</summary>
internal sealed class RefineryHost : IAsyncDisposable
{
    /// <summary>True when every host of this run keeps its books in Postgres (<c>REFINERY_TEST_POSTGRES=1</c>), in a database for each folder.</summary>
    public static bool OnPostgres { get; } = Environment.GetEnvironmentVariable("REFINERY_TEST_POSTGRES") == "1";

    private readonly WebApplication app;
    private readonly TemporaryFolder folder;
    private readonly DeclaredAnswers answers;

    private RefineryHost(WebApplication app, TemporaryFolder folder, DeclaredAnswers answers)
    {
        this.app = app;
        this.folder = folder;
        this.answers = answers;
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(address) };
    }

    /// <summary>Calls this host.</summary>
    public HttpClient Http { get; }

    /// <summary>Everything registered in the host.</summary>
    public IServiceProvider Services => app.Services;

    /// <summary>The host's DATA_DIR.</summary>
    public string DataDirectory => folder.Path;

    /// <summary>Starts a host; settings are pairs of name and value and win over the environment.</summary>
    public static Task<RefineryHost> StartAsync(params (string Name, string Value)[] settings) =>
        StartAsync(new TemporaryFolder(), settings);

    /// <summary>Starts a host over a folder that another host has used, for restarts.</summary>
    public static Task<RefineryHost> StartAsync(TemporaryFolder folder, params (string Name, string Value)[] settings) =>
        StartAsync(folder, configure: null, settings);

    /// <summary>Starts a host with parts of the test's own, for example its clock.</summary>
    public static async Task<RefineryHost> StartAsync(TemporaryFolder folder, Action<IServiceCollection>? configure, params (string Name, string Value)[] settings)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["DATA_DIR"] = folder.Path,
            ["PLUGINS_DIR"] = Paths.HostPlugins,
            ["POSTGRES_DSN"] = OnPostgres ? PostgresEngine.ConnectionStringOf(folder) : null,
        };
        foreach (var (name, value) in settings)
        {
            values[name] = value;
        }

        var noted = new DeclaredAnswers();
        var started = RefineryApp.Build([], builder =>
        {
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton<IStartupFilter>(noted);
            configure?.Invoke(builder.Services);
            builder.Configuration.AddInMemoryCollection(values);
        });
        try
        {
            await RefineryApp.PrepareAsync(started, CancellationToken.None);
            await started.StartAsync();
            return new RefineryHost(started, folder, noted);
        }
        catch
        {
            // Lets go of the folder, as a process that ends does.
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>GETs JSON and expects 2xx.</summary>
    public async Task<JsonElement> GetAsync(string path)
    {
        using var response = await Http.GetAsync(path);
        return await ReadAsync(response, path);
    }

    /// <summary>POSTs JSON and expects 2xx.</summary>
    public async Task<JsonElement> PostAsync(string path, object? body = null)
    {
        using var response = await Http.PostAsJsonAsync(path, body ?? new { });
        return await ReadAsync(response, path);
    }

    /// <summary>POSTs a text that should be JSON of some shape and expects 400.</summary>
    /// <returns>The error's detail.</returns>
    public async Task<string> PostRefusedAsync(string path, string body)
    {
        using var response = await Http.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.BadRequest, $"{path} answered {(int)response.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement.GetProperty("detail").GetString()!;
    }

    /// <summary>Stops cleanly and keeps the folder for the next start.</summary>
    public async Task StopAsync()
    {
        try
        {
            await answers.CheckAsync(this);
        }
        finally
        {
            Http.Dispose();
            await app.StopAsync();
            await app.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        folder.Dispose();
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response, string path)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{path} answered {(int)response.StatusCode}: {text}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement.Clone();
    }
}
