namespace Refinery.Tests.Host;

/// <summary>The process starts with one line, ends with 0 when asked, and says in sentences why it cannot start.</summary>
public sealed class StartTests
{
    [Fact]
    public async Task Asked_to_stop_it_exits_with_0()
    {
        using var folder = new TemporaryFolder();
        await using var host = HostRun.Start(folder, []);
        await host.ReadyAsync();

        host.Terminate();

        Assert.Equal(0, await host.ExitAsync());
        Assert.Empty(host.Errors);
        Assert.DoesNotContain("dbug", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_faults_of_the_settings_are_told_at_once()
    {
        using var folder = new TemporaryFolder();
        await using var host = HostRun.Start(
            folder,
            [],
            ("SHUTDOWN_GRACE_SEC", "soon"),
            ("AUTH_READS", "maybe"),
            ("WORKER_WEBHOOK_TIMEOUT_SEC", "0"),
            ("WORKER_WEBHOOK_URL", "worker:9000"),
            ("CORS_ORIGINS", "ui.example.org"),
            ("FLEET_Q_LEASE_SEC", "many"),
            ("FLEET_Q_HEARTBEAT_SEC", "15"));

        var exit = await host.ExitAsync();

        Assert.Equal(1, exit);
        Assert.Equal(
            [
                "AUTH_READS must be 'open' or 'required'.",
                "CORS_ORIGINS holds 'ui.example.org'; origins such as https://ui.example.org, separated by blanks, are expected.",
                "FLEET_Q_HEARTBEAT_SEC is 15 and FLEET_Q_LEASE_SEC is 15; a heartbeat shorter than the lease is expected.",
                "FLEET_Q_LEASE_SEC is 'many'; a whole number is expected.",
                "SHUTDOWN_GRACE_SEC is 'soon'; a whole number is expected.",
                "WORKER_WEBHOOK_TIMEOUT_SEC must be 1 to 3600 seconds.",
                "WORKER_WEBHOOK_URL holds 'worker:9000'; http or https URLs, separated by blanks, are expected.",
            ],
            host.Errors.TrimEnd().Split('\n').Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("AUTH_READS", "maybe", "AUTH_READS must be 'open' or 'required'.")]
    [InlineData("CORS_ORIGINS", "ui.example.org", "CORS_ORIGINS holds 'ui.example.org'; origins such as https://ui.example.org, separated by blanks, are expected.")]
    [InlineData("POSTGRES_DSN", "mysql://bob:hunter2@h/books", "POSTGRES_DSN cannot be read: its scheme is another; postgres:// or postgresql:// is expected.")]
    [InlineData("POSTGRES_DSN", "dbname=books", "POSTGRES_DSN cannot be read: it names no host; postgres://user@host/database is expected.")]
    [InlineData("WORKER_WEBHOOK_URL", "worker:9000", "WORKER_WEBHOOK_URL holds 'worker:9000'; http or https URLs, separated by blanks, are expected.")]
    [InlineData("WORKER_LOCAL_CMD", "worker 'open", "WORKER_LOCAL_CMD has a quote that is not closed.")]
    [InlineData("WORKER_LOCAL_CMD", "  ", "WORKER_LOCAL_CMD is '  '; a program and its arguments are expected.")]
    [InlineData("WORKER_LOCAL_CMD", "\"\" --fast", "WORKER_LOCAL_CMD is '\"\" --fast'; a program and its arguments are expected.")]
    [InlineData("HTTP_STEPS", "deploy", "HTTP_STEPS holds 'deploy' without an http or https URL; pairs such as deploy=https://deploy.example.org/run, separated by blanks, are expected.")]
    [InlineData("HTTP_STEPS", "a=http://h/ a=http://i/", "HTTP_STEPS names the type 'a' 2 times; leave one.")]
    [InlineData("HTTP_STEPS", "wheel_build=http://h/", "HTTP_STEPS names the type 'wheel_build', which is Refinery's own; another is expected.")]
    [InlineData("HTTP_STEP_SECRET", "whsec_###", "HTTP_STEP_SECRET begins with whsec_ and is no base64 after it.")]
    [InlineData("QUEUE_BACKEND", "rediss", "QUEUE_BACKEND 'rediss' has no plugin; found: file, kafka, postgres, redis.")]
    [InlineData("ASPNETCORE_URLS", "nonsense", "Invalid url: 'nonsense'; give another address by --urls or ASPNETCORE_URLS.")]
    [InlineData("DATA_DIR", "/dev/null/data", "DATA_DIR '/dev/null/data' cannot be made; a folder that this user may write is expected.")]
    public async Task A_start_fault_is_one_sentence_and_exit_code_1(string name, string value, string sentence)
    {
        using var folder = new TemporaryFolder();
        await using var host = HostRun.Start(folder, [], (name, value));

        var exit = await host.ExitAsync();

        Assert.Equal(sentence, host.Errors.TrimEnd());
        Assert.Equal(1, exit);
        Assert.DoesNotContain("ready", host.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verfiy")]
    [InlineData("wroker", "--server", "http://127.0.0.1:1")]
    public async Task A_word_that_is_no_verb_is_one_sentence_and_starts_nothing(params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        await using var host = HostRun.Start(folder, arguments);

        Assert.Equal(1, await host.ExitAsync());
        Assert.Equal($"'{arguments[0]}' is no verb; rebuild, verify, rebuild-projections, journal, queue, serve, worker or, to serve, settings alone as --NAME value are expected.", host.Errors.TrimEnd());
        Assert.False(Directory.Exists(folder.File("data")));
    }

    [Fact]
    public async Task A_port_in_use_is_one_sentence()
    {
        using var folder = new TemporaryFolder();
        using var other = new TemporaryFolder();
        await using var first = HostRun.Start(folder, []);
        var url = await first.ReadyAsync();
        await using var second = HostRun.Start(other, ["--urls", url.GetLeftPart(UriPartial.Authority)]);

        var exit = await second.ExitAsync();

        Assert.Equal(1, exit);
        Assert.Equal($"Failed to bind to address {url.GetLeftPart(UriPartial.Authority)}: address already in use; give another address by --urls or ASPNETCORE_URLS.", second.Errors.TrimEnd());
        Assert.DoesNotContain("Exception", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_one_sentence()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("data"));
        await File.WriteAllTextAsync(Path.Combine(folder.File("data"), "refinery.db"), new string('x', 10_000));
        await using var host = HostRun.Start(folder, []);

        var exit = await host.ExitAsync();

        Assert.Equal(1, exit);
        Assert.StartsWith($"The database in DATA_DIR '{folder.File("data")}' cannot be opened: ", host.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", host.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_folder_in_use_is_one_sentence()
    {
        using var folder = new TemporaryFolder();
        await using var first = HostRun.Start(folder, []);
        await first.ReadyAsync();
        await using var second = HostRun.Start(folder, []);

        var exit = await second.ExitAsync();

        Assert.Equal(1, exit);
        Assert.Equal($"DATA_DIR '{folder.File("data")}' is held by another Refinery process; stop it, or give this one its own DATA_DIR.", second.Errors.TrimEnd());
    }
}
