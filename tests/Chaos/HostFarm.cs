using System.Net.Http.Json;
using System.Text.Json;

namespace Refinery.Tests.Chaos;

/// <summary>Three hosts, each a process of its own, on one database and one queue; whoever calls finds one that answers.</summary>
internal sealed class HostFarm : IAsyncDisposable
{
    /// <summary>What is lost is found within seconds.</summary>
    private static readonly (string Name, string Value)[] Quick =
    [
        ("LOCAL_WORKER", "0"), ("HINT_CATALOGUE", "0"), ("FLEET_Q_HEARTBEAT_SEC", "1"), ("FLEET_Q_LEASE_SEC", "4"), ("FLEET_Q_DEAD_AFTER_SEC", "4"), ("FLEET_Q_RECOVERY_SEC", "1"),
    ];

    private readonly HttpClient http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) }) { Timeout = TimeSpan.FromSeconds(60) };
    private readonly (string Name, string Value)[] settings;
    private readonly TemporaryFolder[] folders;
    private readonly HostRun[] runs;
    private readonly Uri?[] addresses;
    private readonly Uri?[] places;
    private int? forgiven;
    private int turn;

    private HostFarm((string Name, string Value)[] settings, int count)
    {
        this.settings = settings;
        folders = [.. Enumerable.Range(0, count).Select(_ => new TemporaryFolder())];
        runs = new HostRun[count];
        addresses = new Uri?[count];
        places = new Uri?[count];
        foreach (var (_, token) in settings.Where(setting => setting.Name == "WORKER_TOKEN"))
        {
            http.DefaultRequestHeaders.Add("X-Worker-Token", token);
        }
    }

    public static async Task<HostFarm> StartAsync(params (string Name, string Value)[] settings)
    {
        var farm = new HostFarm(settings, 3);
        for (var number = 0; number < 3; number++)
        {
            await farm.StartAsync(number);
        }

        return farm;
    }

    /// <summary>From now on callers take no error from any other host, and no lost connection.</summary>
    public void ForgiveOnly(int number) => forgiven = number;

    /// <summary>Asks a host to stop, and waits until it has.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> LeaveAsync(int number)
    {
        runs[number].Terminate();
        var code = await runs[number].ExitAsync();
        addresses[number] = null;
        await runs[number].DisposeAsync();
        return code;
    }

    /// <summary>Where a host is and will be when it comes back.</summary>
    public Uri PlaceOf(int number) => places[number] ??= addresses[number]!;

    /// <summary>Starts a host, again over its own folder; on another port, unless somebody asked for its place.</summary>
    public async Task StartAsync(int number)
    {
        runs[number] = HostRun.Start(folders[number], places[number] is { } place ? ["--urls", place.ToString()] : [], [.. Quick, .. settings]);
        addresses[number] = await runs[number].ReadyAsync();
    }

    /// <summary>Ends a host as a power cut does.</summary>
    public async Task KillAsync(int number)
    {
        addresses[number] = null;
        runs[number].Kill();
        await runs[number].ExitAsync();
        await runs[number].DisposeAsync();
    }

    public async Task<string?> StatusAsync(string stepId) =>
        (await SendAsync(address => new HttpRequestMessage(HttpMethod.Get, new Uri(address, $"/status/{stepId}")), CancellationToken.None)).GetProperty("status").GetString();

    /// <summary>POSTs until a host takes it.</summary>
    public Task<JsonElement> PostAsync(string path, object body, string? key, CancellationToken stop) => SendAsync(
        address =>
        {
            var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, path)) { Content = JsonContent.Create(body) };
            if (key is not null)
            {
                request.Headers.Add("Idempotency-Key", key);
            }

            return request;
        },
        stop);

    /// <summary>Asks until a host answers, going from one to the next.</summary>
    private async Task<JsonElement> SendAsync(Func<Uri, HttpRequestMessage> make, CancellationToken stop)
    {
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            var (number, address) = NextAddress();
            var isForgiven = forgiven is null || forgiven == number;
            try
            {
                using var request = make(address);
                using var answer = await http.SendAsync(request, stop);
                if (answer.IsSuccessStatusCode)
                {
                    return await answer.Content.ReadFromJsonAsync<JsonElement>(stop);
                }

                Assert.True(isForgiven && (int)answer.StatusCode >= 500, $"{request.RequestUri} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(stop)}");
            }
            catch (Exception fault) when (isForgiven && fault is (HttpRequestException or IOException) && !stop.IsCancellationRequested)
            {
                // Its host is gone, or its connection: the next is asked.
            }

            await Task.Delay(20, stop);
        }
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        foreach (var run in runs.Where(run => run is not null))
        {
            await run.DisposeAsync();
        }

        foreach (var folder in folders)
        {
            folder.Dispose();
        }
    }

    private (int Number, Uri Address) NextAddress()
    {
        while (true)
        {
            var number = (int)((uint)Interlocked.Increment(ref turn) % addresses.Length);
            if (addresses[number] is { } address)
            {
                return (number, address);
            }
        }
    }
}
