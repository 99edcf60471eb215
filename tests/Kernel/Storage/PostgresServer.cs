using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Npgsql;
using Refinery.Contract;

namespace Refinery.Tests.Kernel.Storage;

/// <summary>A Postgres of the tests' own on a free loopback port: started with the first test that needs it, ended with the test process, however that ends.</summary>
/// <remarks>Where the environment's <c>POSTGRES_DSN</c> names a server, tests that do not stop theirs share that one, each with a database or a table of its own.</remarks>
internal sealed class PostgresServer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly Lazy<PostgresServer> Started = new(() => new PostgresServer());
    private static readonly Lazy<PostgresServer> Given = new(() => new PostgresServer(given!));
    private static readonly string OfThisRun = $"refinery_{Guid.NewGuid():N}_";
    private static string? given;
    private static int count;

    private readonly TemporaryFolder folder = new();
    private readonly string server;
    private Process? shell;

    private PostgresServer(string dsn) => server = PostgresDsn.ToConnectionString(dsn);

    private PostgresServer()
    {
        server = $"Host=127.0.0.1;Port={FreePort()};Username=postgres;Database=postgres";
        Assert.True(Folder is not null, "Postgres is not installed; Debian's package 'postgresql' has it.");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose();
        Start();
    }

    /// <summary>The one that all tests share.</summary>
    public static PostgresServer Instance => IsGiven ? Given.Value : Started.Value;

    /// <summary>The tests' own, which lets everybody in who names a user it knows.</summary>
    public static PostgresServer Trusting => Started.Value;

    /// <summary>Whether the shared one stays when the tests end.</summary>
    public static bool IsGiven => given is not null;

    /// <summary>One for a single test, which may stop it; the other is everybody's.</summary>
    public static PostgresServer StartOwn() => new();

    /// <summary>Where Debian and others put the server's programs; null when there are none.</summary>
    public static string? Folder { get; } = Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).Where(bin => File.Exists(Path.Combine(bin, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault()
        : null;

    /// <summary>A name that no other database of the server has.</summary>
    public static string NewName() => $"{OfThisRun}{Interlocked.Increment(ref count)}";

    /// <summary>Takes the setting out of the environment, in which hosts would find it too.</summary>
    [ModuleInitializer]
    internal static void TakeGiven()
    {
        given = Environment.GetEnvironmentVariable("POSTGRES_DSN") is { Length: > 0 } dsn ? dsn : null;
        Environment.SetEnvironmentVariable("POSTGRES_DSN", null);
    }

    /// <param name="database">The one that commands of the server's own are run in, when null.</param>
    public string ConnectionString(string? database = null)
    {
        var parts = new NpgsqlConnectionStringBuilder(server) { IncludeErrorDetail = true };
        parts.Database = database ?? parts.Database;
        return parts.ConnectionString;
    }

    /// <summary>Runs a command of the server's own.</summary>
    public void Run(string sql)
    {
        using var source = NpgsqlDataSource.Create(ConnectionString());
        using var command = source.CreateCommand(sql);
        command.ExecuteNonQuery();
    }

    /// <summary>Starts it over what it had, on the port it had.</summary>
    public void Start()
    {
        var user = Environment.UserName == "root" ? "setpriv --reuid=postgres --regid=postgres --init-groups" : string.Empty;

        // Sorts as a dictionary does, unlike the embedded engine, as many a server out there.
        // The server ends and its files go when this process lets go of the shell's input, also when it is killed.
        shell = Process.Start(new ProcessStartInfo("bash", ["-c", $"""
            cd '{folder.Path}' && if [ ! -d data ]; then
                mkdir data && if [ "$(id -u)" = 0 ]; then chmod 755 . && chown postgres data; fi
                {user} '{Folder}/initdb' -D data -U postgres -A trust -E UTF8 --locale=C --locale-provider=icu --icu-locale=en-US --no-sync >initdb.log 2>&1 || exit 1
            fi
            {user} '{Folder}/postgres' -D data -k '' -h 127.0.0.1 -p {new NpgsqlConnectionStringBuilder(server).Port} -c fsync=off -c max_connections=200 </dev/null >>server.log 2>&1 & server=$!
            read -r how
            if [ "$how" = gently ]; then kill -INT $server; wait $server; else kill -QUIT $server; wait $server; cd / && rm -rf '{folder.Path}'; fi
            """]) { UseShellExecute = false, RedirectStandardInput = true })!;
        WaitUntilReady(shell);
    }

    /// <summary>Ends every connection and stops; what was committed is kept.</summary>
    public void Stop()
    {
        shell?.StandardInput.WriteLine("gently");
        End();
    }

    /// <summary>Lets none of its processes run: it refuses nobody and answers nobody, as behind a cable that was pulled.</summary>
    public void Freeze() => Signal("STOP");

    /// <summary>Lets them run again.</summary>
    public void Thaw() => Signal("CONT");

    public void Dispose()
    {
        End();
        folder.Dispose();
    }

    private void Signal(string name)
    {
        using var sent = Process.Start("bash", ["-c", $"read -r server <'{folder.Path}/data/postmaster.pid' && kill -{name} $server $(pgrep -P $server)"]);
        sent.WaitForExit();
        Assert.Equal(0, sent.ExitCode);
    }

    private void End()
    {
        shell?.StandardInput.Close();
        shell?.WaitForExit();
        shell?.Dispose();
        shell = null;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void WaitUntilReady(Process started)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                Run("SELECT 1");
                return;
            }
            catch (NpgsqlException) when (waited.Elapsed < Patience && !started.HasExited)
            {
                Thread.Yield();
            }
        }
    }
}
