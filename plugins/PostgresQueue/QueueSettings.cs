using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Npgsql;
using Refinery.Contract;

namespace Refinery.PostgresQueue;

/// <summary>What the environment says about the queue in Postgres.</summary>
/// <param name="Source">The way to the server; nobody has gone it yet.</param>
/// <param name="Table">The table's name: letters, digits and underscores.</param>
internal sealed partial record QueueSettings(NpgsqlDataSource Source, string Table)
{
    public const string ServerSetting = "POSTGRES_DSN";
    private const string TableSetting = "QUEUE_TABLE";

    private const string DefaultTable = "refinery_queue";
    private const string Expected = "postgres://user@host/database is expected";

    /// <summary>One host asks few questions at once, and each is short; the rest of the server is the books'.</summary>
    private const int MostConnections = 8;
    private const int MostPrepared = 16;

    /// <summary>Reads them. What <c>POSTGRES_DSN</c> holds is never quoted: a password may stand anywhere in one that is written wrong.</summary>
    /// <param name="patience">How long a question may take.</param>
    /// <exception cref="PluginException">One is wrong or missing.</exception>
    public static QueueSettings Read(IConfiguration configuration, TimeSpan patience)
    {
        var dsn = configuration[ServerSetting] is { Length: > 0 } set ? set : throw new PluginException(
            $"QUEUE_BACKEND is postgres, but {ServerSetting} is not set; the server's address is expected, for example postgres://user@host:5432/database.");
        var table = configuration[TableSetting] is { Length: > 0 } name ? name : DefaultTable;
        return Name().IsMatch(table) ? new QueueSettings(Open(dsn, patience), table) : throw new PluginException(
            $"{TableSetting} is '{table}'; a table's name is expected: 1 to 50 letters, digits and underscores.");
    }

    private static NpgsqlDataSource Open(string dsn, TimeSpan patience)
    {
        try
        {
            return Create(PostgresDsn.ToConnectionString(dsn), (int)Math.Ceiling(patience.TotalSeconds))
                ?? throw new FormatException($"a keyword or value in it is not one that the driver takes; {Expected}");
        }
        catch (FormatException fault)
        {
            throw new PluginException($"{ServerSetting} cannot be read: {fault.Message}.", fault);
        }
    }

    /// <returns>Null for what the driver does not take.</returns>
    private static NpgsqlDataSource? Create(string words, int seconds)
    {
        try
        {
            var server = new NpgsqlConnectionStringBuilder(words);
            return string.IsNullOrEmpty(server.Host)
                ? throw new FormatException($"it names no host; {Expected}")
                : NpgsqlDataSource.Create(Bounded(server, seconds));
        }
        catch (ArgumentException)
        {
            // The driver's own fault quotes the value, so it goes no further.
            return null;
        }
    }

    /// <summary>The way to the server is the person's to say; how long and how often it is gone is the queue's.</summary>
    private static NpgsqlConnectionStringBuilder Bounded(NpgsqlConnectionStringBuilder server, int seconds)
    {
        server.Timeout = seconds;
        server.CommandTimeout = seconds;
        (server.Pooling, server.MinPoolSize, server.MaxPoolSize) = (true, 0, MostConnections);
        (server.Enlist, server.Multiplexing) = (false, false);

        // A session is left as it was found, and who listens keeps his: there is nothing to reset.
        server.NoResetOnClose = true;

        // A listener hears nothing for hours, also when the server's machine is gone.
        server.TcpKeepAlive = true;
        server.TcpKeepAliveTime = 10;
        server.TcpKeepAliveInterval = 2;
        server.ApplicationName ??= "refinery queue";
        if (!server.ShouldSerialize("Max Auto Prepare"))
        {
            (server.MaxAutoPrepare, server.AutoPrepareMinUsages) = (MostPrepared, 2);
        }

        // Of several servers only one that takes writes is of use.
        if (server.Host?.Contains(',', StringComparison.Ordinal) == true)
        {
            server.TargetSessionAttributes ??= "primary";
        }

        return server;
    }

    [GeneratedRegex(@"^[A-Za-z0-9_]{1,50}\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Name();
}
