using System.Collections;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Work;

namespace Refinery.Tests.Builds;

/// <summary>A real host that builds offline: source archives of its own folder, Debian's wheels of setuptools and wheel, Debian's python3.</summary>
internal sealed class BuildYard : IAsyncDisposable
{
    private readonly RefineryHost host;
    private readonly TemporaryFolder sources;

    private BuildYard(RefineryHost host, TemporaryFolder sources)
    {
        this.host = host;
        this.sources = sources;
    }

    /// <summary>The host.</summary>
    public RefineryHost Host => host;

    /// <summary>Where the source archives lie.</summary>
    public string Sources => sources.Path;

    /// <summary>The settings of an offline build.</summary>
    public static (string Name, string Value)[] Settings(string folder) =>
    [
        ("FIND_LINKS", $"{DebianPython.Wheels} {folder}"), ("NO_INDEX", "1"), ("BUILD_PYTHON", DebianPython.Program),
    ];

    /// <summary>Starts the host; further settings win over those of an offline build.</summary>
    public static Task<BuildYard> StartAsync(params (string Name, string Value)[] settings) => StartAsync([], settings);

    /// <summary>Starts the host as if these variables were in its environment too.</summary>
    public static async Task<BuildYard> StartAsync((string Name, string Value)[] variables, params (string Name, string Value)[] settings)
    {
        var folder = new TemporaryFolder();
        return new BuildYard(
            await RefineryHost.StartAsync(
                new TemporaryFolder(),
                services => services.AddSingleton(Environment(variables)),
                [.. Settings(folder.Path), ("RECIPES", "suggest"), .. settings]),
            folder);
    }

    /// <summary>This process's environment and these variables.</summary>
    public static ProcessEnvironment Environment(params (string Name, string Value)[] variables)
    {
        var all = System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? string.Empty, StringComparer.Ordinal);
        foreach (var (name, value) in variables)
        {
            all[name] = value;
        }

        return new ProcessEnvironment(all);
    }

    /// <summary>Queues wheels, has them built, and waits until none is left.</summary>
    public async Task BuildAsync(params object[] items)
    {
        await host.PostAsync("/api/queue/enqueue", items);
        await host.PostAsync("/api/worker/trigger");
        await Wait.UntilAsync(async () =>
        {
            var stats = await host.GetAsync("/api/queue/stats");
            return stats.GetProperty("length").GetInt64() + stats.GetProperty("leased").GetInt64() + stats.GetProperty("running").GetInt64() == 0;
        });
    }

    /// <summary>The status words of a package's history, oldest first.</summary>
    public async Task<string[]> WordsAsync(string package) =>
        [.. (await HistoryAsync(package)).Select(entry => entry.GetProperty("status").GetString() ?? string.Empty)];

    /// <summary>A package's history, oldest first.</summary>
    public async Task<JsonElement[]> HistoryAsync(string package) =>
        [.. (await host.GetAsync($"/api/history?package={package}")).EnumerateArray().Reverse()];

    /// <summary>The log of an attempt.</summary>
    public async Task<string> LogAsync(string package, int attempt = 1) =>
        (await host.GetAsync($"/api/logs/{package}/1.0?attempt={attempt}")).GetProperty("content").GetString() ?? string.Empty;

    /// <summary>The newest manifest entry of a package.</summary>
    public async Task<JsonElement> EntryAsync(string package) =>
        (await host.GetAsync("/api/manifest")).EnumerateArray().First(entry => entry.GetProperty("name").GetString() == package);

    /// <summary>Downloads a wheel as any client would, under the name the manifest gives it.</summary>
    public async Task<string> DownloadAsync(JsonElement entry, string folder)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/artifacts/sha256/{entry.GetProperty("sha256").GetString()}");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("*/*"));
        using var response = await host.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var path = Path.Combine(folder, entry.GetProperty("wheel").GetString() ?? string.Empty);
        await File.WriteAllBytesAsync(path, await response.Content.ReadAsByteArrayAsync());
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        sources.Dispose();
    }
}
