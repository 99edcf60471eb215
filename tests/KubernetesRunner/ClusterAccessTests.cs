using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Refinery.Contract;
using Refinery.KubernetesRunner;

namespace Refinery.Tests.KubernetesRunner;

/// <summary>Every way to a cluster leads there, and what is wrong with one is said in one sentence.</summary>
public sealed class ClusterAccessTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("token: account-token-1", null)]
    [InlineData("tokenFile: token", null)]
    [InlineData("client-certificate: cert.pem\n    client-key: key.pem", null)]
    [InlineData("client-certificate-data: {cert}\n    client-key-data: {key}", null)]
    [InlineData("token: wrong", "does not take the credentials (Unauthorized)")]
    public async Task Credentials_of_a_kubeconfig_are_taken(string user, string? fault)
    {
        await using var cluster = await FakeCluster.StartAsync();

        Assert.Equal(fault is null, await SaysNothingAsync(ClusterYard.Kubeconfig(cluster, await UserAsync(cluster, user)), fault ?? "?"));
    }

    [Fact]
    public async Task A_kubeconfig_may_be_json_and_name_its_authority_by_a_file()
    {
        await using var cluster = await FakeCluster.StartAsync();
        await File.WriteAllTextAsync(folder.File("ca.pem"), cluster.Authority.Pem);

        Assert.True(await SaysNothingAsync($$$"""
            {"kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u", "namespace": "builds"}}],
             "clusters": [{"name": "k", "cluster": {"server": "{{{cluster.Root}}}", "certificate-authority": "ca.pem"}}], "users": [{"name": "u", "user": {"token": "account-token-1"}}]}
            """));
    }

    [Theory]
    [InlineData("", "cannot be reached")]
    [InlineData("tls-server-name: other.example", "cannot be reached")]
    [InlineData("tls-server-name: api.example", null)]
    public async Task The_servers_certificate_must_have_its_name(string setting, string? fault)
    {
        await using var cluster = await FakeCluster.StartAsync("api.example");
        var config = ClusterYard.Kubeconfig(cluster, "token: account-token-1").Replace("    certificate-authority-data", $"    {setting}\n    certificate-authority-data", StringComparison.Ordinal);

        Assert.Equal(fault is null, await SaysNothingAsync(config, fault ?? "?"));
    }

    [Theory]
    [InlineData("insecure-skip-tls-verify: true", true)]
    [InlineData("insecure-skip-tls-verify: false", false)]
    public async Task A_server_nobody_vouches_for_is_believed_only_by_order(string setting, bool isBelieved)
    {
        await using var cluster = await FakeCluster.StartAsync();
        var config = string.Join('\n', ClusterYard.Kubeconfig(cluster, "token: account-token-1").Split('\n').Select(line => line.Contains("certificate-authority-data", StringComparison.Ordinal) ? $"    {setting}" : line));

        Assert.Equal(isBelieved, await SaysNothingAsync(config, "cannot be reached"));
    }

    [Fact]
    public async Task A_pod_uses_its_service_account()
    {
        await using var cluster = await FakeCluster.StartAsync();
        await File.WriteAllTextAsync(folder.File("token"), "account-token-1\n");
        await File.WriteAllTextAsync(folder.File("ca.crt"), cluster.Authority.Pem);
        await File.WriteAllTextAsync(folder.File("namespace"), "builds");

        var access = ClusterAccess.Read(Settings(("KUBERNETES_SERVICE_HOST", "127.0.0.1"), ("KUBERNETES_SERVICE_PORT", $"{new Uri(cluster.Root).Port}")), folder.Path);
        using var connection = new ClusterConnection(access, TimeProvider.System);
        using var there = new Cluster(connection, access.Namespace);

        Assert.Equal("builds", access.Namespace);
        Assert.True(await there.MayCreateJobsAsync(CancellationToken.None));
    }

    [Fact]
    public void A_pod_without_an_account_is_told_so() =>
        Assert.Equal(
            $"The service account in '{folder.Path}' cannot be used; a pod with automountServiceAccountToken is expected, or KUBECONFIG with the path of a kubeconfig.",
            Assert.Throws<PluginException>(() => ClusterAccess.Read(Settings(("KUBERNETES_SERVICE_HOST", "10.0.0.1")), folder.Path)).Message);

    [Theory]
    [InlineData("- a list", "is no kubeconfig; a YAML or JSON mapping is expected.")]
    [InlineData("a: [", "is no YAML: line 2 cannot be read.")]
    [InlineData("a: b", "has no current-context; kubectl config use-context sets it.")]
    [InlineData("current-context: x", "has no context named 'x'.")]
    [InlineData("{user: token}", "has no user named 'builder'.", "name: builder", "name: somebody")]
    [InlineData("{user: token}", "names no server of http or https for its cluster.", "https://", "ftp://")]
    [InlineData("exec: {command: aws}", "uses 'exec' for its user; token, tokenFile or client-certificate with client-key is expected, for example a service account's token.")]
    [InlineData("auth-provider: {name: gcp}", "uses 'auth-provider' for its user; token, tokenFile or client-certificate with client-key is expected, for example a service account's token.")]
    [InlineData("client-certificate-data: {cert}", "has a client-certificate without its client-key.")]
    [InlineData("client-certificate-data: rubbish!", "holds a certificate, a key or an address that cannot be used; PEM, or base64 of it in the -data fields, is expected.")]
    [InlineData("tokenFile: absent", "or a file that it names cannot be read; a kubeconfig that this user may read is expected.")]
    public async Task A_kubeconfig_that_cannot_be_used_says_why(string words, string sentence, string replace = "?", string by = "?")
    {
        await using var cluster = await FakeCluster.StartAsync();
        var isUser = !words.StartsWith('-') && !words.StartsWith("a:", StringComparison.Ordinal) && !words.StartsWith("current", StringComparison.Ordinal);
        var user = words == "{user: token}" ? "token: account-token-1" : words;
        await File.WriteAllTextAsync(folder.File("config"), (isUser ? ClusterYard.Kubeconfig(cluster, await UserAsync(cluster, user)) : words).Replace(replace, by, StringComparison.Ordinal));

        var fault = Assert.Throws<PluginException>(() => ClusterAccess.Read(Settings(("KUBECONFIG", folder.File("config")))));

        Assert.Equal($"KUBECONFIG '{folder.File("config")}' {sentence}", fault.Message);
    }

    [Theory]
    [InlineData("BUILD_RUNNER is kubernetes, but KUBECONFIG is not set and this process runs in no pod; the path of a kubeconfig is expected.", "KUBECONFIG", "")]
    [InlineData("KUBECONFIG names several files ('/a:/b'); one is expected, as kubectl config view --raw --flatten writes it.", "KUBECONFIG", "/a:/b")]
    [InlineData("KUBERNETES_NAMESPACE is 'Builds'; a namespace's name is expected: lower-case letters, digits and dashes.", "KUBERNETES_NAMESPACE", "Builds")]
    [InlineData("KUBERNETES_TOKEN_SECRET is 'A B'; a Secret's name is expected: lower-case letters, digits, dashes and dots.", "KUBERNETES_TOKEN_SECRET", "A B")]
    [InlineData("WORKER_TOKEN is set, but KUBERNETES_TOKEN_SECRET is not; the name of a Secret in namespace 'builds' is expected whose key 'token' is that token.", "WORKER_TOKEN", "t")]
    [InlineData("BUILD_RUNNER is kubernetes, but KUBERNETES_FILES_URL is not set; this server's address as pods see it is expected, for example http://refinery.builds:8080.", "KUBERNETES_FILES_URL", "")]
    [InlineData("KUBERNETES_FILES_URL is no http or https address without a user; this server's address as pods see it is expected, for example http://refinery.builds:8080.", "KUBERNETES_FILES_URL", "http://me:secret@host/")]
    public async Task A_setting_that_is_wrong_is_told_at_the_start(string sentence, string name, string value)
    {
        await using var cluster = await FakeCluster.StartAsync();
        await File.WriteAllTextAsync(folder.File("config"), ClusterYard.Kubeconfig(cluster, "token: t"));

        var fault = await Assert.ThrowsAsync<PluginException>(() => OpenAsync(("KUBECONFIG", folder.File("config")), ("KUBERNETES_FILES_URL", "http://refinery:8080"), (name, value)));

        Assert.Equal(sentence, fault.Message);
    }

    [Fact]
    public async Task Without_an_image_or_a_server_for_files_nothing_can_be_built()
    {
        await using var cluster = await FakeCluster.StartAsync();
        await File.WriteAllTextAsync(folder.File("config"), ClusterYard.Kubeconfig(cluster, "token: account-token-1"));
        (string, string)[] settings = [("KUBECONFIG", folder.File("config")), ("WORKER_SERVER_URL", "http://127.0.0.1:1")];

        var withoutImage = await (await OpenAsync(settings)).FaultAsync(CancellationToken.None);

        Assert.Equal("BUILD_RUNNER is kubernetes, but BUILD_IMAGE is not set; the name of an image with python3 and pip is expected.", withoutImage);
        using var stop = new CancellationTokenSource();
        var withoutServer = await (await OpenAsync([.. settings, ("BUILD_IMAGE", "image")])).FaultAsync(stop.Token);
        Assert.StartsWith("The server at http://127.0.0.1:1/ cannot be reached: ", withoutServer, StringComparison.Ordinal);
        Assert.EndsWith("KUBERNETES_FILES_URL is expected to be this server's address as pods see it.", withoutServer, StringComparison.Ordinal);
    }

    private static IConfiguration Settings(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build();

    private async Task<IBuildRunner> OpenAsync(params (string Name, string Value)[] settings) => await new KubernetesRunnerPlugin().OpenAsync(
        new PluginContext(Settings([.. settings.GroupBy(setting => setting.Name, (name, values) => (name, values.Last().Value))]), folder.Path, TimeProvider.System, NullLoggerFactory.Instance),
        CancellationToken.None);

    /// <summary>Lays the files a user may name, and fills in what it may hold.</summary>
    private async Task<string> UserAsync(FakeCluster cluster, string user)
    {
        var (certificate, key) = cluster.Authority.ForClient();
        await File.WriteAllTextAsync(folder.File("token"), "account-token-1");
        await File.WriteAllTextAsync(folder.File("cert.pem"), certificate);
        await File.WriteAllTextAsync(folder.File("key.pem"), key);
        return user.Replace("{cert}", Base64(certificate), StringComparison.Ordinal).Replace("{key}", Base64(key), StringComparison.Ordinal);
    }

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(text));

    /// <summary>Whether the cluster is reached and answers; when not, the sentence must hold these words.</summary>
    private async Task<bool> SaysNothingAsync(string config, string words = "?")
    {
        await using var files = new LoopbackServer(_ => Task.CompletedTask);
        await files.StartAsync();
        await File.WriteAllTextAsync(folder.File("config"), config);
        var runner = await OpenAsync(("KUBECONFIG", folder.File("config")), ("KUBERNETES_FILES_URL", files.Root), ("BUILD_IMAGE", "image"));
        var fault = await runner.FaultAsync(CancellationToken.None);
        if (fault is not null)
        {
            Assert.Contains(words, fault, StringComparison.Ordinal);
        }

        return fault is null;
    }
}
