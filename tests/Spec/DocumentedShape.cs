using System.Text.Json;

namespace Refinery.Tests.Spec;

/// <summary>Compares an answer with a documented one: the same members, JSON types and values at least, but for what no two runs share.</summary>
internal static class DocumentedShape
{
    /// <summary>Members whose keys are data, so that other keys may stand there.</summary>
    private static readonly string[] Maps =
    [
        "args", "checks", "edges_by_type", "metadata", "nodes_by_type", "pod_capacity",
        "queue_depth_by_priority", "recipes", "status_counts", "steps_by_type",
    ];

    /// <summary>Lists that are rightly empty where nothing died.</summary>
    private static readonly string[] EmptyInPeace = ["dead_pods", "requeued_steps", "terminal_steps"];

    /// <summary>Members of an event that are null where it has none, as the page says.</summary>
    private static readonly string[] NullWhereNone = ["actor_id", "attempt_id", "target"];

    /// <summary>Endings of members that no two runs share: ids, instants and durations, digests, the figures of a fleet, and what the machine says.</summary>
    private static readonly string[] Changing =
    [
        "id", "leader", "_key", "_at", "_ts", "timestamp", "until", "_check", "_seconds", "duration", "_ms", "hash", "sha256",
        "capacity", "running", "_steps", "_pods", "_found", "_requeued", "_terminal", "_count", "origin", "size", "python", "platform_tag", "index_url", "logs_preview",
    ];

    /// <param name="isExact">False where the documented value stands for any of its type.</param>
    public static IEnumerable<string> Differences(JsonElement documented, JsonElement actual, string member = "", bool isExact = true)
    {
        if (actual.ValueKind == JsonValueKind.Null && NullWhereNone.Contains(member))
        {
            return [];
        }

        if (Word(documented) != Word(actual))
        {
            return [$"'{member}' is {Word(actual)}, documented as {Word(documented)}"];
        }

        return documented.ValueKind switch
        {
            JsonValueKind.Object when Maps.Contains(member) => OfMap(documented, actual, member),
            JsonValueKind.Object => documented.EnumerateObject().SelectMany(property => OfMember(property, actual, isExact)),
            JsonValueKind.Array => OfList(documented, actual, member, isExact),
            _ when isExact && !IsChanging(member) && !JsonElement.DeepEquals(documented, actual) =>
                [$"'{member}' is {actual.GetRawText()}, documented as {documented.GetRawText()}"],
            _ => [],
        };
    }

    /// <summary>The ids of a documented answer and those the host gave in their place.</summary>
    public static IEnumerable<(string Documented, string Actual)> Ids(JsonElement documented, JsonElement actual) =>
        (documented.ValueKind, actual.ValueKind) switch
        {
            (JsonValueKind.Object, JsonValueKind.Object) => documented.EnumerateObject()
                .Where(property => actual.TryGetProperty(property.Name, out _))
                .SelectMany(property => IdsOfMember(property, actual.GetProperty(property.Name))),
            (JsonValueKind.Array, JsonValueKind.Array) => documented.EnumerateArray()
                .Zip(actual.EnumerateArray())
                .SelectMany(pair => Ids(pair.First, pair.Second)),
            _ => [],
        };

    private static IEnumerable<(string Documented, string Actual)> IdsOfMember(JsonProperty documented, JsonElement actual) =>
        documented.Name is "id" or "step_id" or "build_id" && actual.ValueKind == JsonValueKind.String
            ? [(documented.Value.GetString()!, actual.GetString()!)]
            : Ids(documented.Value, actual);

    private static bool IsChanging(string member) => Changing.Any(ending => member.EndsWith(ending, StringComparison.Ordinal));

    private static IEnumerable<string> OfMember(JsonProperty documented, JsonElement actual, bool isExact) =>
        actual.TryGetProperty(documented.Name, out var value)
            ? Differences(documented.Value, value, documented.Name, isExact)
            : [$"'{documented.Name}' is missing"];

    private static IEnumerable<string> OfMap(JsonElement documented, JsonElement actual, string member)
    {
        var sample = documented.EnumerateObject().Select(property => property.Value).FirstOrDefault();
        return sample.ValueKind == JsonValueKind.Undefined
            ? []
            : actual.EnumerateObject().SelectMany(property => Differences(sample, property.Value, $"{member}.{property.Name}", isExact: false));
    }

    private static IEnumerable<string> OfList(JsonElement documented, JsonElement actual, string member, bool isExact)
    {
        if (documented.GetArrayLength() == 0 || EmptyInPeace.Contains(member))
        {
            return [];
        }

        return actual.GetArrayLength() == 0
            ? [$"'{member}' is empty"]
            : actual.EnumerateArray().SelectMany((item, index) => index < documented.GetArrayLength()
                ? Differences(documented[index], item, member, isExact)
                : Differences(documented[0], item, member, isExact: false));
    }

    private static string Word(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "nothing",
    };
}
