using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Deploy;

/// <summary>Two hosts on one Postgres behind a real nginx with the configuration of compose.yml.</summary>
public sealed class NginxTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder books = new();
    private readonly TemporaryFolder[] folders = [new(), new()];
    private readonly List<HostRun> hosts = [];
    private NginxServer? nginx;

    private HttpClient Http => nginx!.Http;

    public async Task InitializeAsync()
    {
        foreach (var folder in folders)
        {
            hosts.Add(HostRun.Start(
                folder, [], ("POSTGRES_DSN", PostgresEngine.ConnectionStringOf(books)), ("QUEUE_BACKEND", "postgres"), ("LOCAL_WORKER", "0"), ("HINT_CATALOGUE", "0"), ("FeatureManagement__Metrics", "true")));
        }

        nginx = await NginxServer.StartAsync(await hosts[0].ReadyAsync(), await hosts[1].ReadyAsync());
    }

    public async Task DisposeAsync()
    {
        if (nginx is not null)
        {
            await nginx.DisposeAsync();
        }

        foreach (var host in hosts)
        {
            await host.DisposeAsync();
        }
    }

    public void Dispose()
    {
        Array.ForEach(folders, folder => folder.Dispose());
        books.Dispose();
    }

    [Fact]
    public async Task What_one_host_took_the_other_lists()
    {
        for (var number = 0; number < 10; number++)
        {
            await EnqueueAsync($"p{number}");
        }

        for (var time = 0; time < 10; time++)
        {
            Assert.Equal(10, (await Http.GetFromJsonAsync<JsonElement>("/api/queue/stats")).GetProperty("length").GetInt32());
        }

        foreach (var host in hosts)
        {
            using var direct = new HttpClient { BaseAddress = await host.ReadyAsync() };
            Assert.Contains("endpoint=\"/api/queue/stats\"", await direct.GetStringAsync("/metrics"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_stream_is_read_as_it_is_written()
    {
        using var stream = await Http.GetAsync("/api/events/stream", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync());
        for (var number = 0; number < 3; number++)
        {
            await EnqueueAsync($"streamed{number}");

            string? line;
            do
            {
                line = await reader.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(2));
                Assert.NotNull(line);
            }
            while (!line.Contains($"streamed{number}", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_large_file_goes_through_both_ways()
    {
        var bytes = RandomNumberGenerator.GetBytes(32 << 20);
        var path = $"/api/artifacts/sha256/{Convert.ToHexStringLower(SHA256.HashData(bytes))}";

        using var stored = await Http.PutAsync(path, new ByteArrayContent(bytes));

        Assert.True(stored.IsSuccessStatusCode, $"{(int)stored.StatusCode}: {await stored.Content.ReadAsStringAsync()}");
    }

    [Fact]
    public async Task When_a_host_dies_clients_go_on()
    {
        await EnqueueAsync("before");

        // What a host had in its hands when it died is answered 502: whether it was done nobody can tell.
        hosts[0].Kill();
        await hosts[0].ExitAsync();
        for (var number = 0; number < 30; number++)
        {
            await EnqueueAsync($"after{number}");
            Assert.Equal(number + 2, (await Http.GetFromJsonAsync<JsonElement>("/api/queue/stats")).GetProperty("length").GetInt32());
        }

        using var stream = await Http.GetAsync("/api/events/stream", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, stream.StatusCode);
    }

    private async Task EnqueueAsync(string package)
    {
        using var answer = await Http.PostAsJsonAsync("/api/queue/enqueue", new { package });
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
    }
}
