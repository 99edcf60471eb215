using Microsoft.Extensions.Configuration;
using Npgsql;
using Refinery.Contract;
using Refinery.PostgresQueue;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Plugins;

/// <summary>A database of its own on a Postgres of the tests', and the queue opened over it by as many hosts as a test likes.</summary>
internal sealed class QueueDatabase
{
    private readonly string name = PostgresServer.NewName();
    private readonly PostgresServer server;
    private readonly NpgsqlDataSource source;
    private readonly List<IQueueBackend> opened = [];

    public QueueDatabase(PostgresServer? server = null)
    {
        this.server = server ?? PostgresServer.Instance;
        this.server.Run($"CREATE DATABASE {name}");
        source = NpgsqlDataSource.Create(Dsn);
    }

    public string Dsn => server.ConnectionString(name);

    public RecordedLog Log { get; } = new();

    /// <summary>Opens the queue as one more host would.</summary>
    /// <param name="patience">What a delivered plugin has when null; otherwise so long that only a hang reaches it.</param>
    public async Task<IQueueBackend> OpenAsync(TimeSpan? patience = null, string? dsn = null, TimeProvider? clock = null)
    {
        var plugin = patience is { } given ? new PostgresQueuePlugin { Patience = given } : new PostgresQueuePlugin();
        var queue = await plugin.OpenAsync(Context(("POSTGRES_DSN", dsn ?? Dsn)) with { Clock = clock ?? TimeProvider.System }, CancellationToken.None);
        lock (opened)
        {
            opened.Add(queue);
        }

        return queue;
    }

    public PluginContext Context(params (string Name, string? Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, setting.Value))).Build();
        return new(configuration, Path.GetTempPath(), TimeProvider.System, Log);
    }

    /// <summary>Asks the database itself.</summary>
    public async Task<T> AskAsync<T>(string sql)
    {
        await using var command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task RunAsync(string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public Task<NpgsqlConnection> ConnectAsync() => source.OpenConnectionAsync().AsTask();

    /// <summary>Ends every connection to the database but that which asks for it.</summary>
    /// <returns>How many there were.</returns>
    public Task<long> CutAsync() => AskAsync<long>(
        "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");

    /// <summary>Waits until so many hosts listen.</summary>
    public Task ListenedAsync(long hosts) => Wait.UntilAsync(async () =>
        await AskAsync<long>("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %' AND state = 'idle'") == hosts);

    public async Task DisposeAsync()
    {
        foreach (var queue in opened)
        {
            await queue.DisposeAsync();
        }

        await source.DisposeAsync();
        server.Run($"DROP DATABASE {name} WITH (FORCE)");
        Log.Dispose();
    }
}
