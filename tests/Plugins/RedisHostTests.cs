using System.Net;
using System.Security.Cryptography.X509Certificates;
using Refinery.Tests.Chaos;
using Refinery.Tests.KubernetesRunner;

namespace Refinery.Tests.Plugins;

/// <summary>The real host with its queue in a real Redis.</summary>
public sealed class RedisHostTests : IDisposable
{
    private const string Key = "host-tests";

    private readonly RedisServer server = new();
    private readonly TemporaryFolder folder = new();

    public void Dispose()
    {
        server.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Steps_wait_in_Redis_and_are_called_by_priority()
    {
        await using var host = await StartAsync();
        int[] priorities = [0, 7, -3, 7, 2];
        foreach (var priority in priorities)
        {
            await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { priority }, priority });
        }

        Assert.Equal(":5", server.Ask($"ZCARD {{{Key}}}:items"));
        List<int> called = [];
        while (await host.ClaimAsync("pod-a") is [var step])
        {
            called.Add(step.GetProperty("args").GetProperty("priority").GetInt32());
            Assert.Equal($":{priorities.Length - called.Count}", server.Ask($"ZCARD {{{Key}}}:items"));
        }

        Assert.Equal([7, 7, 2, 0, -3], called);
    }

    [Fact]
    public async Task Steps_are_accepted_and_end_whether_Redis_is_there_or_not()
    {
        await using var host = await StartAsync();
        await host.PostAsync("/admin/types/hello_world/pause");
        var steps = await SubmitAsync(host, 10);

        server.Kill();
        steps.AddRange(await SubmitAsync(host, 10));
        var away = await ReadyAsync(host);
        await host.PostAsync("/admin/types/hello_world/resume");
        foreach (var step in steps)
        {
            await host.UntilCompletedAsync(step);
        }

        server.Start();
        await Wait.UntilAsync(async () => (await ReadyAsync(host)).Status == HttpStatusCode.OK);
        foreach (var step in await SubmitAsync(host, 10))
        {
            await host.UntilCompletedAsync(step);
        }

        Assert.Equal((HttpStatusCode.ServiceUnavailable, """{"status":"unready","checks":{"database":"ok","queue":"The queue cannot be reached."}}"""), away);
    }

    [Fact]
    public async Task A_host_starts_without_its_Redis_and_uses_it_when_it_comes()
    {
        server.Kill();
        await using var host = await StartAsync();
        await host.SubmitAsync();

        server.Start();
        await Wait.UntilAsync(async () => (await ReadyAsync(host)).Status == HttpStatusCode.OK);
        await host.SubmitAsync();

        Assert.Equal(":1", server.Ask($"ZCARD {{{Key}}}:items"));
        Assert.Equal(2, (await host.ClaimAsync("pod-a", max: 5)).Count);
    }

    [Fact]
    public async Task What_came_while_Redis_was_away_has_its_place_when_it_is_back()
    {
        await using var host = await StartAsync();
        List<string> steps = [];
        foreach (var priority in new[] { 0, 9, 0, 9 })
        {
            server.Kill();
            steps.Add(await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, priority }));
            server.Start();
        }

        // An empty Redis that answers again is filled from the database: the next that comes goes to Redis, and is not called before them.
        await Wait.UntilAsync(async () => (await ReadyAsync(host)).Status == HttpStatusCode.OK);
        steps.Add(await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, priority = 5 }));
        await Wait.UntilAsync(() => Task.FromResult(server.Ask($"ZCARD {{{Key}}}:items") == $":{steps.Count}"));
        var called = await host.ClaimAsync("pod-a", max: 10);

        Assert.Equal([steps[1], steps[3], steps[4], steps[0], steps[2]], called.Select(step => step.GetProperty("step_id").GetString()));
    }

    [Fact]
    public async Task A_wiped_Redis_loses_no_step()
    {
        await using var host = await StartAsync();
        for (var number = 0; number < 5; number++)
        {
            await host.SubmitAsync();
        }

        server.Ask("FLUSHALL");

        Assert.Equal(5, (await host.ClaimAsync("pod-a", max: 10)).Count);
    }

    [Fact]
    public async Task A_cleared_queue_leaves_nothing_in_Redis()
    {
        await using var host = await StartAsync();
        await host.PostAsync("/api/queue/enqueue", Enumerable.Range(0, 3).Select(number => new { package = $"p{number}", version = "1" }));
        Assert.Equal(":3", server.Ask($"ZCARD {{{Key}}}:items"));

        await host.PostAsync("/api/queue/clear");

        Assert.Equal(":0", server.Ask("DBSIZE"));
    }

    [Fact]
    public async Task A_malformed_address_ends_the_start_with_one_sentence()
    {
        await using var host = HostRun.Start(folder, ["--QUEUE_BACKEND", "redis", "--REDIS_URL", "redis//:hunter2@cache", "--REDIS_KEY", Key]);

        Assert.Equal(1, await host.ExitAsync());
        Assert.Equal("REDIS_URL is no address of a Redis server; redis://[[user]:password@]host[:port][/database] is expected, or rediss:// for TLS.", host.Errors.TrimEnd());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Over_TLS_a_server_is_used_whose_certificate_is_trusted(bool isTrusted)
    {
        using var authority = new TestAuthority();
        using var certificate = authority.ForServer();
        await File.WriteAllTextAsync(folder.File("authority.pem"), authority.Pem);
        await File.WriteAllTextAsync(folder.File("server.pem"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(folder.File("key.pem"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        var port = RedisServer.FreePort();
        using var secure = new RedisServer(
            $"--tls-port {port} --tls-auth-clients no --tls-ca-cert-file {folder.File("authority.pem")} --tls-cert-file {folder.File("server.pem")} --tls-key-file {folder.File("key.pem")}");
        (string, string)[] trust = isTrusted ? [("SSL_CERT_FILE", folder.File("authority.pem"))] : [];
        await using var host = HostRun.Start(folder, [], [("QUEUE_BACKEND", "redis"), ("REDIS_URL", $"rediss://127.0.0.1:{port}"), .. trust]);
        using var http = new HttpClient { BaseAddress = await host.ReadyAsync() };

        using var ready = await http.GetAsync("/api/ready");

        Assert.Equal(isTrusted ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, ready.StatusCode);
    }

    private static async Task<List<string>> SubmitAsync(RefineryHost host, int count)
    {
        List<string> steps = [];
        while (steps.Count < count)
        {
            steps.Add(await host.SubmitAsync(new { type = "hello_world", args = new { } }));
        }

        return steps;
    }

    private static async Task<(HttpStatusCode Status, string Body)> ReadyAsync(RefineryHost host)
    {
        using var ready = await host.Http.GetAsync("/api/ready");
        return (ready.StatusCode, await ready.Content.ReadAsStringAsync());
    }

    private Task<RefineryHost> StartAsync() => RefineryHost.StartAsync(("QUEUE_BACKEND", "redis"), ("REDIS_URL", server.Url), ("REDIS_KEY", Key));
}
