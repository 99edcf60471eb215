using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Refinery.Host;

namespace Refinery.Bench;

/// <summary>The whole host in this process, as a library is used, on the Postgres of <c>POSTGRES_DSN</c>.</summary>
internal sealed class BenchHost : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly string folder;

    private BenchHost(WebApplication app, string folder)
    {
        this.app = app;
        this.folder = folder;
    }

    /// <summary>A part of the host.</summary>
    public T Of<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    /// <summary>Starts a host over a database, without a local worker.</summary>
    public static async Task<BenchHost> StartAsync(string dsn, string queue)
    {
        var data = Directory.CreateTempSubdirectory("refinery-bench-").FullName;
        var built = RefineryApp.Build([], builder =>
        {
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["DATA_DIR"] = data,
                ["PLUGINS_DIR"] = Path.Combine(HostProcess.OutputOf("host"), "plugins"),
                ["POSTGRES_DSN"] = dsn,
                ["QUEUE_BACKEND"] = queue,
                ["LOCAL_WORKER"] = "0",
            });
        });
        await RefineryApp.PrepareAsync(built, CancellationToken.None);
        await built.StartAsync();
        return new BenchHost(built, data);
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}

/// <summary>A database of its own on the server of <c>POSTGRES_DSN</c>, dropped at the end.</summary>
internal sealed class BenchDatabase : IAsyncDisposable
{
    private const string Name = "refinery_bench";

    private readonly string server;

    private BenchDatabase(string server) => this.server = server;

    /// <summary>Where it is.</summary>
    public string Dsn { get; private init; } = string.Empty;

    public static async Task<BenchDatabase> CreateAsync()
    {
        var found = new HostOptions { PostgresDsn = Environment.GetEnvironmentVariable("POSTGRES_DSN") }.FindPostgres()
            ?? throw new InvalidOperationException("POSTGRES_DSN is expected: the server to measure on.");
        found.Pooling = false;
        var created = new BenchDatabase(found.ConnectionString) { Dsn = new NpgsqlConnectionStringBuilder(found.ConnectionString) { Database = Name, Pooling = true }.ConnectionString };
        await created.RunAsync($"DROP DATABASE IF EXISTS {Name} WITH (FORCE)", $"CREATE DATABASE {Name}");
        return created;
    }

    /// <summary>What the server promises its callers.</summary>
    public async Task<string> DurabilityAsync()
    {
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT 'fsync=' || current_setting('fsync') || ', synchronous_commit=' || current_setting('synchronous_commit')";
        return (string?)await command.ExecuteScalarAsync() ?? string.Empty;
    }

    public async ValueTask DisposeAsync() => await RunAsync($"DROP DATABASE IF EXISTS {Name} WITH (FORCE)");

    private async Task RunAsync(params string[] statements)
    {
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        foreach (var statement in statements)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = statement;
            await command.ExecuteNonQueryAsync();
        }
    }
}
