using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Refinery.Tests.KubernetesRunner;

/// <summary>Refuses what a real API server with <c>fieldValidation=Strict</c> and a restricted namespace would refuse.</summary>
internal static partial class ObjectCheck
{
    /// <summary>What is wrong with an object of this kind; empty when nothing is.</summary>
    public static IReadOnlyList<string> Faults(string kind, JsonNode? value) =>
        OfKind(kind, value, string.Empty).ToList() is { Count: > 0 } faults ? faults : [.. kind == "Job" ? OfJob(value!) : []];

    private static IEnumerable<string> OfKind(string kind, JsonNode? value, string path)
    {
        if (value is not JsonObject fields)
        {
            return [$"{path} is no {kind}"];
        }

        var known = PublishedFields.Kinds[kind];
        return
        [
            .. fields.Where(field => !known.ContainsKey(field.Key)).Select(field => $"unknown field \"{path}{field.Key}\""),
            .. known.Where(field => field.Value.IsRequired && fields[field.Key] is null).Select(field => $"{path}{field.Key}: Required value"),
            .. fields.Where(field => known.ContainsKey(field.Key)).SelectMany(field => OfType(known[field.Key].Type, field.Value, $"{path}{field.Key}")),
            .. kind == "ObjectMeta" ? OfMeta(fields, path) : [],
        ];
    }

    private static IEnumerable<string> OfType(string type, JsonNode? value, string path) => type switch
    {
        "any" => [$"{path} is nothing this cluster checks"],
        "string" => Is(value, JsonValueKind.String, path),
        "bool" => value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? [] : [$"{path} is no bool"],
        "int" => value is JsonValue number && number.TryGetValue<long>(out _) ? [] : [$"{path} is no int"],
        "map" => value is JsonObject map ? map.SelectMany(entry => Is(entry.Value, JsonValueKind.String, $"{path}.{entry.Key}")) : [$"{path} is no map"],
        "quantity" => value is not null && Quantity().IsMatch(value.ToString()) ? [] : [$"{path} is no quantity"],
        "quantities" => value is JsonObject amounts ? amounts.SelectMany(amount => OfType("quantity", amount.Value, $"{path}.{amount.Key}")) : [$"{path} is no map"],
        ['[', .. var item] => value is JsonArray items ? items.SelectMany((entry, index) => OfType(item, entry, $"{path}[{index}]")) : [$"{path} is no list"],
        _ => OfKind(type, value, $"{path}."),
    };

    private static IEnumerable<string> Is(JsonNode? value, JsonValueKind kind, string path) => value?.GetValueKind() == kind ? [] : [$"{path} is no {kind}"];

    private static IEnumerable<string> OfMeta(JsonObject meta, string path)
    {
        foreach (var (name, value) in meta["labels"] as JsonObject ?? [])
        {
            if (!QualifiedName().IsMatch(name) || !LabelValue().IsMatch(value!.ToString()))
            {
                yield return $"{path}labels: Invalid value: {name}={value}";
            }
        }

        foreach (var (name, _) in meta["annotations"] as JsonObject ?? [])
        {
            if (!QualifiedName().IsMatch(name))
            {
                yield return $"{path}annotations: Invalid value: {name}";
            }
        }

        if (meta["name"] is { } own && !Subdomain().IsMatch(own.ToString()))
        {
            yield return $"{path}name: Invalid value: {own}";
        }
    }

    private static IEnumerable<string> OfJob(JsonNode job)
    {
        var spec = job["spec"];
        var pod = spec?["template"]?["spec"];
        var containers = Containers(pod).ToList();
        (bool IsRight, string Fault)[] rules =
        [
            (job["apiVersion"]?.ToString() == "batch/v1" && job["kind"]?.ToString() == "Job", "apiVersion and kind must be batch/v1 Job"),
            (job["metadata"]?["name"]?.ToString().Length <= 63, "metadata.name: must be no more than 63 characters"),
            (pod?["restartPolicy"]?.ToString() is "Never" or "OnFailure", "spec.template.spec.restartPolicy: Required value: valid values: OnFailure, Never"),
            (spec?["activeDeadlineSeconds"]?.GetValue<long>() is null or > 0, "spec.activeDeadlineSeconds must be greater than 0"),
            (spec?["backoffLimit"]?.GetValue<long>() is null or >= 0, "spec.backoffLimit must be at least 0"),
            (pod?["containers"] is JsonArray { Count: > 0 }, "spec.template.spec.containers: Required value"),
            (containers.DistinctBy(container => container["name"]!.ToString()).Count() == containers.Count, "containers: Duplicate value"),
            (pod?["securityContext"]?["runAsNonRoot"]?.GetValue<bool>() == true, "violates PodSecurity restricted: runAsNonRoot != true"),
            (pod?["securityContext"]?["seccompProfile"]?["type"]?.ToString() == "RuntimeDefault", "violates PodSecurity restricted: seccompProfile"),
            .. containers.SelectMany(container => OfContainer(container, pod!)),
        ];
        return rules.Where(rule => !rule.IsRight).Select(rule => rule.Fault);
    }

    private static IEnumerable<(bool IsRight, string Fault)> OfContainer(JsonNode container, JsonNode pod)
    {
        var volumes = (pod["volumes"] as JsonArray ?? []).Select(volume => volume!["name"]!.ToString()).ToList();
        var context = container["securityContext"];
        yield return (Label().IsMatch(container["name"]!.ToString()), "container name: Invalid value");
        yield return (container["image"]?.ToString().Length > 0, "image: Required value");
        yield return ((container["volumeMounts"] as JsonArray ?? []).All(mount => volumes.Contains(mount!["name"]!.ToString())), "volumeMounts.name: Not found");
        yield return ((container["env"] as JsonArray ?? []).All(variable => variable!["value"] is null || variable["valueFrom"] is null), "env.valueFrom: may not be specified when `value` is not empty");
        yield return (context?["allowPrivilegeEscalation"]?.GetValue<bool>() == false, "violates PodSecurity restricted: allowPrivilegeEscalation != false");
        yield return (context?["capabilities"]?["drop"]?.ToJsonString() == "[\"ALL\"]", "violates PodSecurity restricted: unrestricted capabilities");
        yield return (container["terminationMessagePolicy"]?.ToString() is null or "File" or "FallbackToLogsOnError", "terminationMessagePolicy: Unsupported value");
    }

    /// <summary>Those that run first, then the others.</summary>
    public static IEnumerable<JsonObject> Containers(JsonNode? podSpec) =>
        new[] { "initContainers", "containers" }.SelectMany(list => podSpec?[list] as JsonArray ?? []).OfType<JsonObject>();

    [GeneratedRegex(@"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?\z")]
    private static partial Regex Quantity();

    [GeneratedRegex(@"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?\z")]
    private static partial Regex QualifiedName();

    [GeneratedRegex(@"^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?\z")]
    private static partial Regex LabelValue();

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z")]
    private static partial Regex Label();

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\z")]
    private static partial Regex Subdomain();
}
