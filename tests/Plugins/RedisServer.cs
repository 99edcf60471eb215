using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Refinery.Contract;
using Refinery.RedisQueue;

namespace Refinery.Tests.Plugins;

/// <summary>A Redis of the tests' own on a free loopback port that keeps nothing on disk: ended with the test process, however that ends.</summary>
internal sealed class RedisServer : IDisposable
{
    private const string Program = "/usr/bin/redis-server";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly Lazy<RedisServer> Started = new(() => new RedisServer());

    private readonly TemporaryFolder folder = new();
    private readonly string settings;
    private readonly int port = FreePort();
    private Process? shell;

    /// <summary>Starts one.</summary>
    /// <param name="settings">Further arguments of the server.</param>
    public RedisServer(string settings = "")
    {
        Assert.True(File.Exists(Program), "Redis is not installed; Debian's package 'redis-server' has it.");
        this.settings = settings;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose();
        Start();
    }

    /// <summary>The address of one that all tests share: that of REDIS_URL, else one that is started with the first test that needs it.</summary>
    public static string SharedUrl => Environment.GetEnvironmentVariable("REDIS_URL") is { Length: > 0 } given ? given : Started.Value.Url;

    public string Address => $"127.0.0.1:{port}";

    public string Url => $"redis://{Address}";

    /// <summary>Where its files may lie; it works there.</summary>
    public string Folder => folder.Path;

    /// <summary>A port that nobody listens on.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Starts it, again on the same port after <see cref="Kill"/>, and empty.</summary>
    public void Start()
    {
        // The server ends when this process lets go of the shell's input, also when it is killed.
        shell = Process.Start(new ProcessStartInfo("bash", ["-c", $"""
            cd '{folder.Path}' || exit 1
            '{Program}' --port {port} --bind 127.0.0.1 --save '' --appendonly no {settings} </dev/null >>server.log 2>&1 & server=$!
            while read -r signal; do kill "-$signal" $server; echo; done
            kill -KILL $server; wait $server
            """]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true })!;
        WaitUntilReady();
    }

    /// <summary>Opens the queue over it, as one more host does.</summary>
    /// <param name="key">The plugin's own when null.</param>
    public Task<IQueueBackend> OpenQueueAsync(RecordedLog log, TimeProvider? clock = null, string? key = null) => new RedisQueuePlugin().OpenAsync(
        new(new ConfigurationBuilder().AddInMemoryCollection([new("REDIS_URL", Url), new("REDIS_KEY", key)]).Build(), Folder, clock ?? TimeProvider.System, log),
        CancellationToken.None);

    /// <summary>Ends it as a power cut does.</summary>
    public void Kill()
    {
        shell?.StandardInput.Close();
        shell?.WaitForExit();
        shell?.Dispose();
        shell = null;
    }

    /// <summary>Lets it hang: its connections stay, and it answers nothing.</summary>
    public void Suspend() => Signal("STOP");

    /// <summary>Lets it go on.</summary>
    public void Resume() => Signal("CONT");

    /// <summary>Asks it commands, one after the other, as a person would type them.</summary>
    /// <returns>The first line of the last answer, which is all of a number or a status.</returns>
    public string Ask(params IReadOnlyList<string> commands)
    {
        using var client = new TcpClient("127.0.0.1", port);
        using var stream = client.GetStream();
        using var writer = new StreamWriter(stream) { AutoFlush = true, NewLine = "\r\n" };
        using var reader = new StreamReader(stream);
        var answer = string.Empty;
        foreach (var command in commands)
        {
            writer.WriteLine(command);
            answer = reader.ReadLine() ?? throw new IOException("The server hung up.");
        }

        return answer;
    }

    public void Dispose()
    {
        Kill();
        folder.Dispose();
    }

    private void Signal(string signal)
    {
        shell!.StandardInput.WriteLine(signal);
        shell.StandardOutput.ReadLine();
    }

    private void WaitUntilReady()
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                Ask("PING");
                return;
            }
            catch (Exception fault) when (fault is SocketException or IOException && waited.Elapsed < Patience && !shell!.HasExited)
            {
                Thread.Yield();
            }
        }
    }
}
