using System.Text.Json;
using System.Text.Json.Nodes;
using Refinery.Contract;

namespace Refinery.KubernetesRunner;

/// <summary>The Job of one build, and the Secret of one whose index URLs hold passwords.</summary>
/// <remarks>Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/ and pod-v1.</remarks>
internal sealed class BuildJob(BuildTask task, IStepContext step, RunnerSettings settings)
{
    public const string FetchContainer = "fetch";
    public const string BuildContainer = "build";
    public const string StoreContainer = "store";

    /// <summary>The annotation that says whose the Job is.</summary>
    public const string StepAnnotation = "refinery/step";

    private const int Nobody = 65_534;
    private const int KeptSeconds = 3600;
    private const string Work = "/refinery";
    private const string Output = $"{Work}/out";
    private const string Venv = $"{Work}/venv";
    private const string Report = "/dev/termination-log";

    /// <summary>Python's words for processors, and Go's, which nodes are labelled with.</summary>
    private static readonly Dictionary<string, string> Architectures = new(StringComparer.Ordinal)
    {
        ["x86_64"] = "amd64", ["aarch64"] = "arm64", ["s390x"] = "s390x", ["ppc64le"] = "ppc64le",
    };

    private readonly IReadOnlyDictionary<string, string> sources =
        (task.Sources.NoIndex || !task.HasNetwork ? task.Sources.WithoutIndex : task.Sources).ToVariables();

    private string Files => $"{settings.FilesUrl}api/artifacts/sha256/";

    /// <summary>Where recipes put programs that the build may call.</summary>
    private string[] Programs => task.PipRecipes.Count > 0 ? [$"{Venv}/bin"] : [];

    private string Sdist => $"{Work}/in/{Path.GetFileName(task.Sdist)}";

    /// <summary>The Job.</summary>
    /// <param name="sha256">The digest that the sdist is stored under.</param>
    public JsonObject ToJob(string sha256) => new()
    {
        ["apiVersion"] = "batch/v1",
        ["kind"] = "Job",
        ["metadata"] = new JsonObject
        {
            ["name"] = Cluster.NameOf(task.Mark),
            ["labels"] = Labels(),
            ["annotations"] = new JsonObject { [StepAnnotation] = step.StepId, ["refinery/sdist"] = Path.GetFileName(task.Sdist) },
        },
        ["spec"] = new JsonObject
        {
            ["backoffLimit"] = 0,
            ["activeDeadlineSeconds"] = (long)Math.Ceiling(task.TimeLimit.TotalSeconds),
            ["ttlSecondsAfterFinished"] = KeptSeconds,
            ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = Labels() }, ["spec"] = PodSpec(sha256) },
        },
    };

    /// <summary>The Secret with what the build alone may know; null when there is nothing.</summary>
    /// <param name="job">The Job as it was made: it owns the Secret, which goes with it.</param>
    public JsonObject? ToSecret(JsonNode job)
    {
        var secret = sources.Where(source => IsSecret(source.Value)).ToList();
        return secret.Count == 0 ? null : new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["metadata"] = new JsonObject
            {
                ["name"] = Cluster.NameOf(task.Mark),
                ["labels"] = Labels(),
                ["ownerReferences"] = new JsonArray(new JsonObject
                {
                    ["apiVersion"] = "batch/v1",
                    ["kind"] = "Job",
                    ["name"] = Cluster.NameOf(task.Mark),
                    ["uid"] = PodState.Text(job["metadata"], "uid"),
                }),
            },
            ["type"] = "Opaque",
            ["stringData"] = new JsonObject(secret.Select(source => KeyValuePair.Create<string, JsonNode?>(source.Key, source.Value))),
        };
    }

    private JsonObject PodSpec(string sha256) => new()
    {
        ["restartPolicy"] = "Never",
        ["automountServiceAccountToken"] = false,
        ["enableServiceLinks"] = false,
        ["nodeSelector"] = Nodes(),
        ["terminationGracePeriodSeconds"] = 1,
        ["securityContext"] = new JsonObject
        {
            ["runAsNonRoot"] = true,
            ["runAsUser"] = Nobody,
            ["runAsGroup"] = Nobody,
            ["fsGroup"] = Nobody,
            ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
        },
        ["volumes"] = new JsonArray(Volume("work"), Volume("tmp")),
        ["initContainers"] = new JsonArray(
            Container(FetchContainer, PodScripts.Fetch, [Files + sha256, sha256, Sdist], Token()),
            Container(BuildContainer, PodScripts.Build, [JsonSerializer.Serialize(task.Commands(new BuildPlaces("python3", Sdist, Output, Venv))), .. Programs], Environment())),
        ["containers"] = new JsonArray(Container(StoreContainer, PodScripts.Store, [Files, Output, Report], Token())),
    };

    /// <summary>Nodes of the platform that the step names; any when it names none.</summary>
    private JsonObject Nodes()
    {
        var platform = step.Args.TryGetProperty("platform_tag", out var tag) && tag.ValueKind == JsonValueKind.String ? tag.GetString() : null;
        var fitting = Architectures.FirstOrDefault(architecture => platform?.EndsWith($"_{architecture.Key}", StringComparison.Ordinal) == true).Value;
        return fitting is null ? [] : new JsonObject { ["kubernetes.io/arch"] = fitting };
    }

    private JsonObject Container(string name, string script, string[] arguments, JsonArray environment) => new()
    {
        ["name"] = name,
        ["image"] = task.Image,
        ["command"] = new JsonArray("python3", "-I", "-c", Literal(script)),
        ["args"] = new JsonArray([.. arguments.Select(argument => (JsonNode)Literal(argument))]),
        ["env"] = environment,
        ["workingDir"] = "/tmp",
        ["volumeMounts"] = new JsonArray(Mount("work", Work), Mount("tmp", "/tmp")),
        ["resources"] = Resources(),
        ["terminationMessagePath"] = Report,
        ["terminationMessagePolicy"] = "FallbackToLogsOnError",
        ["securityContext"] = new JsonObject
        {
            ["allowPrivilegeEscalation"] = false,
            ["readOnlyRootFilesystem"] = true,
            ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
        },
    };

    /// <summary>For the containers that speak with the server; what is built is foreign code and never sees it.</summary>
    private JsonArray Token() => settings.TokenSecret is { } secret ? [FromSecret("REFINERY_TOKEN", secret, "token")] : [];

    private JsonArray Environment()
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = "/tmp",
            ["LANG"] = "C.UTF-8",
            ["PYTHONUNBUFFERED"] = "1",
            ["PYTHONDONTWRITEBYTECODE"] = "1",
            ["PIP_CONFIG_FILE"] = "/dev/null",
            ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1",
            ["PIP_NO_INPUT"] = "1",
            ["PIP_NO_COLOR"] = "1",
        };
        task.AddTo(variables);
        return
        [
            .. variables.Select(variable => new JsonObject { ["name"] = variable.Key, ["value"] = Literal(variable.Value) }),
            .. sources.Select(source => IsSecret(source.Value)
                ? FromSecret(source.Key, Cluster.NameOf(task.Mark), source.Key)
                : new JsonObject { ["name"] = source.Key, ["value"] = Literal(source.Value) }),
        ];
    }

    private JsonObject Resources()
    {
        var amounts = new List<KeyValuePair<string, JsonNode?>>();
        if (task.MemoryMegabytes > 0)
        {
            amounts.Add(new("memory", $"{task.MemoryMegabytes}Mi"));
        }

        if (task.Cpus > 0)
        {
            amounts.Add(new("cpu", $"{Math.Ceiling(task.Cpus * 1000):0}m"));
        }

        return new JsonObject { ["requests"] = new JsonObject(amounts), ["limits"] = new JsonObject(amounts.Select(amount => KeyValuePair.Create(amount.Key, amount.Value?.DeepClone()))) };
    }

    /// <summary>Not the server's name: a Service or policy that selects the server must not select what is built.</summary>
    private JsonObject Labels() => new()
    {
        ["app.kubernetes.io/name"] = "refinery-build",
        [Cluster.MarkLabel] = task.Mark,
    };

    private static JsonObject Volume(string name) => new() { ["name"] = name, ["emptyDir"] = new JsonObject() };

    private static JsonObject Mount(string volume, string path) => new() { ["name"] = volume, ["mountPath"] = path };

    private static JsonObject FromSecret(string name, string secret, string key) => new()
    {
        ["name"] = name,
        ["valueFrom"] = new JsonObject { ["secretKeyRef"] = new JsonObject { ["name"] = secret, ["key"] = key } },
    };

    /// <summary>The kubelet reads <c>$(NAME)</c> in commands, arguments and values as a variable; a doubled sign is a plain one.</summary>
    private static string Literal(string text) => text.Replace("$", "$$", StringComparison.Ordinal);

    /// <summary>Whether one of these addresses holds a user or a password.</summary>
    private static bool IsSecret(string addresses) =>
        addresses.Split(' ').Any(address => Uri.TryCreate(address, UriKind.Absolute, out var url) && url.UserInfo.Length > 0);
}
