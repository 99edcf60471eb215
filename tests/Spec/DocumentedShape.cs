using System.Text.Json;

namespace Refinery.Tests.Spec;

/// <summary>Compares an answer with a documented one: the same members and JSON types at least, whatever the values.</summary>
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

    public static IEnumerable<string> Differences(JsonElement documented, JsonElement actual, string member = "")
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
            JsonValueKind.Object => documented.EnumerateObject().SelectMany(property => OfMember(property, actual)),
            JsonValueKind.Array => OfList(documented, actual, member),
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

    private static IEnumerable<string> OfMember(JsonProperty documented, JsonElement actual) =>
        actual.TryGetProperty(documented.Name, out var value)
            ? Differences(documented.Value, value, documented.Name)
            : [$"'{documented.Name}' is missing"];

    private static IEnumerable<string> OfMap(JsonElement documented, JsonElement actual, string member)
    {
        var sample = documented.EnumerateObject().Select(property => property.Value).FirstOrDefault();
        return sample.ValueKind == JsonValueKind.Undefined
            ? []
            : actual.EnumerateObject().SelectMany(property => Differences(sample, property.Value, $"{member}.{property.Name}"));
    }

    private static IEnumerable<string> OfList(JsonElement documented, JsonElement actual, string member)
    {
        if (documented.GetArrayLength() == 0 || EmptyInPeace.Contains(member))
        {
            return [];
        }

        return actual.GetArrayLength() == 0
            ? [$"'{member}' is empty"]
            : actual.EnumerateArray().SelectMany(item => Differences(documented[0], item, member));
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
