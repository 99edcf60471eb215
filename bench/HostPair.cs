namespace Refinery.Bench;

/// <summary>Where logs are written and where they are read: two hosts when <c>POSTGRES_DSN</c> names a database for both, else one.</summary>
internal sealed class HostPair : IAsyncDisposable
{
    private HostPair(HostProcess writer, HostProcess reader)
    {
        Writer = writer;
        Reader = reader;
    }

    public HostProcess Writer { get; }

    public HostProcess Reader { get; }

    private bool IsOne => Writer == Reader;

    public static async Task<HostPair> StartAsync()
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("POSTGRES_DSN")))
        {
            var only = await HostProcess.StartAsync();
            return new HostPair(only, only);
        }

        var writer = await HostProcess.StartAsync("QUEUE_BACKEND=postgres", "LOCAL_WORKER=0");
        return new HostPair(writer, await HostProcess.StartAsync("QUEUE_BACKEND=postgres", "LOCAL_WORKER=0"));
    }

    /// <summary>For the line a scenario prints.</summary>
    public string Describe() => IsOne ? "one host, SQLite" : "two hosts on one Postgres, written at one and read at the other";

    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync();
        if (!IsOne)
        {
            await Reader.DisposeAsync();
        }
    }
}
