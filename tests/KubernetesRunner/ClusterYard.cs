using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Refinery.Tests.Builds;
using YamlDotNet.RepresentationModel;

namespace Refinery.Tests.KubernetesRunner;

/// <summary>A real host that builds in a cluster of the tests' own, which reaches the host's files as pods would.</summary>
internal sealed class ClusterYard : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly LoopbackServer door;
    private Uri? target;

    private ClusterYard(FakeCluster cluster)
    {
        Cluster = cluster;
        Cluster.Api.Role = RoleOnThePage();
        door = new LoopbackServer(async context =>
        {
            using var http = new HttpClient();
            using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(target!, context.Request.Path)) { Content = new StreamContent(context.Request.Body) };
            request.Headers.TryAddWithoutValidation("X-Worker-Token", context.Request.Headers["X-Worker-Token"].AsEnumerable());
            using var answer = await http.SendAsync(request);
            context.Response.StatusCode = (int)answer.StatusCode;
            await answer.Content.CopyToAsync(context.Response.Body);
        });
    }

    public FakeCluster Cluster { get; }

    /// <summary>The host, once it was started.</summary>
    public BuildYard Yard { get; private set; } = null!;

    public string Sources => Yard.Sources;

    /// <summary>A file that builds may wait for.</summary>
    public string Gate => folder.File("gate");

    public string TokenFile => folder.File("token");

    public ClusterObjects Objects => Cluster.Objects;

    /// <summary>Starts cluster and host.</summary>
    public static async Task<ClusterYard> StartAsync(params (string Name, string Value)[] settings)
    {
        var yard = await StartClusterAsync();
        yard.Yard = await BuildYard.StartAsync([.. yard.Settings, .. settings]);
        yard.Serve(yard.Yard.Host.Http.BaseAddress!);
        return yard;
    }

    /// <summary>Starts the cluster and the way to a host that the test starts.</summary>
    public static async Task<ClusterYard> StartClusterAsync()
    {
        var yard = new ClusterYard(await FakeCluster.StartAsync());
        await yard.door.StartAsync();
        await File.WriteAllTextAsync(yard.TokenFile, yard.Cluster.Token);
        await File.WriteAllTextAsync(yard.folder.File("config"), Kubeconfig(yard.Cluster, $"tokenFile: {yard.TokenFile}"));
        return yard;
    }

    /// <summary>What a host needs to build here.</summary>
    public (string Name, string Value)[] Settings =>
    [
        ("BUILD_RUNNER", "kubernetes"), ("KUBECONFIG", folder.File("config")), ("KUBERNETES_FILES_URL", door.Root), ("BUILD_IMAGE", Kubelet.Image), ("FLEET_Q_BACKOFF_SEC", "0"),
    ];

    /// <summary>Lets pods reach this host.</summary>
    public void Serve(Uri host) => target = host;

    /// <summary>A kubeconfig of the cluster with these words about the user.</summary>
    public static string Kubeconfig(FakeCluster cluster, string user) =>
        $$"""
        apiVersion: v1
        kind: Config
        current-context: here
        contexts:
        - name: other
          context: {cluster: nowhere, user: nobody}
        - name: here
          context:
            cluster: test
            user: builder
            namespace: {{FakeCluster.Namespace}}
        clusters:
        - name: test
          cluster:
            server: {{cluster.Root}}
            certificate-authority-data: {{Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(cluster.Authority.Pem))}}
        users:
        - name: builder
          user:
            {{user}}
        """;

    /// <summary>The Job that was written; the last one.</summary>
    public JsonObject Job => Objects.Written.Last(value => value["kind"]?.ToString() == "Job");

    /// <summary>Waits until the cluster holds nothing of any build.</summary>
    public Task UntilEmptyAsync() => Wait.UntilAsync(() => Task.FromResult(Count("jobs") + Count("pods") == 0));

    /// <summary>Waits until a build has printed this.</summary>
    public Task UntilSaidAsync(string package, string words) => Wait.UntilAsync(async () =>
        (await Yard.Host.GetAsync("/builds?limit=100")).GetProperty("builds").EnumerateArray().FirstOrDefault(build => build.GetProperty("parser_id").GetString()!.StartsWith(package, StringComparison.Ordinal)) is { ValueKind: System.Text.Json.JsonValueKind.Object } found
        && (await Yard.Host.GetAsync($"/builds/{found.GetProperty("id").GetString()}")).GetProperty("build").GetProperty("logs_preview").GetString()!.Contains(words, StringComparison.Ordinal));

    public int Count(string resource) => Objects.List(resource, _ => true).Count;

    public async ValueTask DisposeAsync()
    {
        if (Yard is not null)
        {
            await Yard.DisposeAsync();
        }

        await Cluster.DisposeAsync();
        await door.DisposeAsync();
        folder.Dispose();
    }

    /// <summary>What the Role of README.md allows.</summary>
    public static HashSet<(string Verb, string Group, string Resource)> RoleOnThePage()
    {
        var page = File.ReadAllText(Path.Combine(Paths.Repository, "README.md"));
        var yaml = new YamlStream();
        yaml.Load(new StringReader(Regex.Match(page, "```yaml role.yaml\n(?<yaml>.*?)```", RegexOptions.Singleline).Groups["yaml"].Value));
        var rules = (YamlSequenceNode)((YamlMappingNode)yaml.Documents[0].RootNode)["rules"];
        return
        [
            .. from rule in rules
               from verb in (YamlSequenceNode)rule["verbs"]
               from space in (YamlSequenceNode)rule["apiGroups"]
               from resource in (YamlSequenceNode)rule["resources"]
               select (verb.ToString(), space.ToString(), resource.ToString()),
        ];
    }
}
