using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Refinery.Tests.KubernetesRunner;

/// <summary>The REST interface of the API server, as far as a runner may use it.</summary>
internal sealed class ClusterApi(ClusterObjects objects, Kubelet kubelet)
{
    private static readonly Dictionary<string, string> Groups = new(StringComparer.Ordinal) { ["jobs"] = "batch", ["pods"] = "", ["pods/log"] = "", ["secrets"] = "" };

    /// <summary>What the account may do: verb, group and resource. Null for anything.</summary>
    public HashSet<(string Verb, string Group, string Resource)>? Role { get; set; }

    /// <summary>What was asked for: verb, group and resource.</summary>
    public ConcurrentDictionary<(string Verb, string Group, string Resource), int> Asked { get; } = new();

    /// <summary>Breaks the answer to the next creation of a Job off after the Job was made.</summary>
    public bool DropsNextAnswer { get; set; }

    /// <summary>Tells the next watch that the changes it asks for are forgotten, as after etcd's compaction.</summary>
    public bool ForgetsNextWatch { get; set; }

    /// <summary>True when no log can be had, as while a node does not answer.</summary>
    public bool HidesLogs { get; set; }

    /// <summary>How often a log was asked for.</summary>
    public int LogCalls { get; private set; }

    public static Task RefuseAsync(HttpContext context, int code, string reason, string message)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(Status(code, reason, message).ToJsonString());
    }

    public async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        using var reader = new StreamReader(request.Body);
        var text = await reader.ReadToEndAsync();
        var body = text.Length > 0 ? JsonNode.Parse(text) as JsonObject : null;
        if (request.Path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" && request.Method == "POST")
        {
            await ReviewAsync(context, body!);
            return;
        }

        // /api/v1/namespaces/NS/pods/NAME/log, /apis/batch/v1/namespaces/NS/jobs/NAME
        var words = request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        words = words[0] == "apis" ? words[1..] : words;
        if (words.Length < 5 || words[3] != FakeCluster.Namespace || !Groups.ContainsKey(words[4]))
        {
            await RefuseAsync(context, 404, "NotFound", "the server could not find the requested resource");
            return;
        }

        var resource = words.Length > 6 ? $"{words[4]}/{words[6]}" : words[4];
        var name = words.ElementAtOrDefault(5);
        var verb = VerbOf(request, name);
        Asked.AddOrUpdate((verb, Groups[resource], resource), 1, (_, count) => count + 1);
        if (Role?.Contains((verb, Groups[resource], resource)) == false)
        {
            await RefuseAsync(context, 403, "Forbidden", $"{resource} is forbidden: User \"builder\" cannot {verb} resource \"{resource}\" in API group \"{Groups[resource]}\" in the namespace \"{words[3]}\"");
            return;
        }

        await ((verb, resource) switch
        {
            ("create", "jobs" or "secrets") => CreateAsync(context, resource, body!),
            ("get", "jobs") => FindAsync(context, resource, name!),
            ("delete", "jobs") => DeleteAsync(context, name!, body),
            ("list", "pods") => ListAsync(context),
            ("watch", "pods") => WatchAsync(context),
            ("get", "pods/log") => LogAsync(context, name!),
            _ => RefuseAsync(context, 405, "MethodNotAllowed", "the server does not allow this method on the requested resource"),
        });
    }

    private static string VerbOf(HttpRequest request, string? name) => request.Method switch
    {
        "POST" => "create",
        "DELETE" => "delete",
        "GET" when name is not null => "get",
        "GET" => request.Query["watch"] == "true" ? "watch" : "list",
        _ => request.Method,
    };

    private static JsonObject Status(int code, string reason, string message) => new()
    {
        ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Failure", ["message"] = message, ["reason"] = reason, ["code"] = code,
    };

    private static Func<JsonObject, bool> Filter(HttpRequest request)
    {
        var selector = request.Query["labelSelector"].ToString().Split('=');
        return value => selector.Length < 2 || value["metadata"]?["labels"]?[selector[0]]?.ToString() == selector[1];
    }

    private static Task WriteAsync(HttpContext context, JsonNode value, int code = 200)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(value.ToJsonString());
    }

    private Task ReviewAsync(HttpContext context, JsonObject body)
    {
        var faults = ObjectCheck.Faults("SelfSubjectAccessReview", body);
        var asked = body["spec"]?["resourceAttributes"];
        body["status"] = new JsonObject { ["allowed"] = Role?.Contains((asked?["verb"]?.ToString() ?? "", asked?["group"]?.ToString() ?? "", asked?["resource"]?.ToString() ?? "")) ?? true };
        return faults.Count > 0 ? RefuseAsync(context, 400, "BadRequest", $"strict decoding error: {string.Join(", ", faults)}") : WriteAsync(context, body, 201);
    }

    private Task CreateAsync(HttpContext context, string resource, JsonObject body)
    {
        var faults = ObjectCheck.Faults(resource == "jobs" ? "Job" : "Secret", body);
        if (faults.Count > 0 || context.Request.Query["fieldValidation"] != "Strict")
        {
            return RefuseAsync(context, 400, "BadRequest", $"strict decoding error: {string.Join(", ", faults)}");
        }

        var name = body["metadata"]!["name"]!.ToString();
        if (!objects.Add(resource, body))
        {
            return RefuseAsync(context, 409, "AlreadyExists", $"{resource} \"{name}\" already exists");
        }

        if (resource == "jobs")
        {
            kubelet.Take(objects.Find("jobs", name)!);
        }
        else
        {
            objects.Change(resource, name, secret => secret["data"] = new JsonObject((secret["stringData"] as JsonObject ?? [])
                .Select(entry => KeyValuePair.Create<string, JsonNode?>(entry.Key, Convert.ToBase64String(Encoding.UTF8.GetBytes(entry.Value!.ToString()))))));
        }

        if (DropsNextAnswer)
        {
            DropsNextAnswer = false;
            context.Abort();
            return Task.CompletedTask;
        }

        return WriteAsync(context, objects.Find(resource, name)!, 201);
    }

    private Task FindAsync(HttpContext context, string resource, string name) =>
        objects.Find(resource, name) is { } found ? WriteAsync(context, found) : RefuseAsync(context, 404, "NotFound", $"{resource} \"{name}\" not found");

    private Task DeleteAsync(HttpContext context, string name, JsonObject? options)
    {
        var faults = options is null ? [] : ObjectCheck.Faults("DeleteOptions", options);
        if (faults.Count > 0 || options?["propagationPolicy"]?.ToString() is not (null or "Background" or "Foreground" or "Orphan"))
        {
            return RefuseAsync(context, 400, "BadRequest", $"strict decoding error: {string.Join(", ", faults)}");
        }

        if (objects.Find("jobs", name) is not { } job)
        {
            return RefuseAsync(context, 404, "NotFound", $"jobs.batch \"{name}\" not found");
        }

        // Without a policy the pods of a Job are orphaned, as batch/v1 has always done.
        objects.Remove("jobs", name);
        if (options?["propagationPolicy"]?.ToString() == "Background")
        {
            kubelet.Collect(job["metadata"]!["uid"]!.ToString());
        }

        return WriteAsync(context, new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["status"] = "Success" });
    }

    private Task ListAsync(HttpContext context) => WriteAsync(context, new JsonObject
    {
        ["kind"] = "PodList",
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject { ["resourceVersion"] = objects.Version.ToString() },
        ["items"] = new JsonArray([.. objects.List("pods", Filter(context.Request))]),
    });

    private async Task WatchAsync(HttpContext context)
    {
        var version = long.Parse(context.Request.Query["resourceVersion"].ToString(), CultureInfo.InvariantCulture);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(double.Parse(context.Request.Query["timeoutSeconds"].ToString(), CultureInfo.InvariantCulture)));
        context.Response.ContentType = "application/json";
        await context.Response.Body.FlushAsync();
        while (!limit.IsCancellationRequested)
        {
            if (ForgetsNextWatch)
            {
                ForgetsNextWatch = false;
                await context.Response.WriteAsync($$"""{"type":"ERROR","object":{{Status(410, "Expired", "too old resource version")}}}""" + "\n");
                return;
            }

            var changes = objects.ChangesAfter(version, Filter(context.Request));
            foreach (var line in changes.Lines)
            {
                await context.Response.WriteAsync(line, context.RequestAborted);
            }

            await context.Response.Body.FlushAsync(context.RequestAborted);
            version = changes.Version;
            await Task.WhenAny(changes.Changed, Task.Delay(Timeout.Infinite, limit.Token), Task.Delay(Timeout.Infinite, context.RequestAborted));
            context.RequestAborted.ThrowIfCancellationRequested();
        }
    }

    private async Task LogAsync(HttpContext context, string pod)
    {
        LogCalls++;
        if (HidesLogs)
        {
            await RefuseAsync(context, 500, "InternalError", "the node does not answer");
            return;
        }

        var query = context.Request.Query;
        var status = objects.Find("pods", pod)?["status"];
        if (status is null || kubelet.LogOf(pod, query["container"].ToString()) is not { } log)
        {
            await RefuseAsync(context, 404, "NotFound", $"pods \"{pod}\" not found");
            return;
        }

        var state = (status["initContainerStatuses"] as JsonArray ?? []).FirstOrDefault(container => container!["name"]!.ToString() == query["container"])?["state"];
        if (state?["running"] is null && state?["terminated"] is null)
        {
            await RefuseAsync(context, 400, "BadRequest", $"container \"{query["container"]}\" in pod \"{pod}\" is waiting to start: PodInitializing");
            return;
        }

        var since = query["sinceTime"].ToString() is { Length: > 0 } from ? DateTimeOffset.Parse(from, CultureInfo.InvariantCulture) : DateTimeOffset.MinValue;
        context.Response.ContentType = "text/plain";
        await context.Response.Body.FlushAsync();
        for (var next = 0; ;)
        {
            var read = log.Read(next, since);
            next = read.Next;
            foreach (var line in read.Lines)
            {
                await context.Response.Body.WriteAsync(line, context.RequestAborted);
            }

            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (read.IsEnded)
            {
                return;
            }

            await Task.WhenAny(read.Changed, Task.Delay(Timeout.Infinite, context.RequestAborted));
            context.RequestAborted.ThrowIfCancellationRequested();
        }
    }
}
