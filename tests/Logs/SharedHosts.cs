using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;
using Refinery.Logs;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Logs;

/// <summary>Hosts on one Postgres, each with a folder of its own.</summary>
internal sealed class SharedHosts : IAsyncDisposable
{
    private readonly TemporaryFolder books = new();
    private readonly List<RefineryHost> hosts = [];

    /// <summary>Where the books are, unless a test has a server of its own.</summary>
    public string? ConnectionString { get; init; }

    public string BooksConnection => ConnectionString ?? PostgresEngine.ConnectionStringOf(books);

    public IReadOnlyList<RefineryHost> All => hosts;

    public static async Task<SharedHosts> StartAsync(int count, string? connectionString = null)
    {
        var shared = new SharedHosts { ConnectionString = connectionString };
        for (var number = 0; number < count; number++)
        {
            await shared.AddAsync();
        }

        return shared;
    }

    /// <summary>Starts one more, over an empty folder or one that another has used.</summary>
    public async Task<RefineryHost> AddAsync(TemporaryFolder? folder = null)
    {
        var started = await RefineryHost.StartAsync(
            folder ?? new TemporaryFolder(),
            ("POSTGRES_DSN", BooksConnection), ("QUEUE_BACKEND", "postgres"), ("LOCAL_WORKER", "0"), ("HINT_CATALOGUE", "0"));
        hosts.Add(started);
        return started;
    }

    /// <summary>Ends one as if it was killed: what it was writing stays where it is.</summary>
    public async Task KillAsync(RefineryHost host)
    {
        hosts.Remove(host);
        await host.StopAsync();
    }

    public Task<long> CountAsync(string sql) => hosts[0].Services.GetRequiredService<Database>().ReadAsync(
        async session => await session.WholeAsync(sql) ?? 0, CancellationToken.None);

    public Task ExecuteAsync(string sql) =>
        hosts[0].Services.GetRequiredService<Database>().WriteAsync(session => session.ExecuteAsync(sql), CancellationToken.None);

    public static Task<JsonElement> StoreAsync(RefineryHost host, string name, string content) =>
        host.PostAsync("/api/logs", new { name, version = "1", content });

    public static async Task<string> ReadAsync(RefineryHost host, string name)
    {
        using var response = await host.Http.GetAsync($"/api/logs/{name}/1");
        Assert.True(response.IsSuccessStatusCode, $"{name} at {host.Http.BaseAddress}: {(int)response.StatusCode}");
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("content").GetString()!;
    }

    /// <summary>The packages whose logs have the text, as one search answers them.</summary>
    public static async Task<string[]> SearchAsync(RefineryHost host, string text, string? name = null) =>
        [.. (await host.GetAsync($"/api/logs/search?limit=200&q={Uri.EscapeDataString(text)}{(name is null ? string.Empty : $"&name={name}")}"))
            .EnumerateArray().Select(line => line.GetProperty("name").GetString()!)];

    /// <summary>Random lines of lower-case letters, about so many bytes.</summary>
    public static string Text(int seed, int length)
    {
        var random = new Random(seed);
        var text = new StringBuilder();
        while (text.Length < length)
        {
            for (var letter = random.Next(10, 90); letter > 0; letter--)
            {
                text.Append((char)('a' + random.Next(26)));
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    public static LiveLog Open(RefineryHost host, int attempt = 1, string? stepId = null) =>
        host.Services.GetRequiredService<LiveLogs>().Open(new LogKey("numpy", "1.0", attempt, "run-1", stepId));

    public async ValueTask DisposeAsync()
    {
        foreach (var host in hosts.AsEnumerable().Reverse())
        {
            await host.DisposeAsync();
        }

        books.Dispose();
    }
}
