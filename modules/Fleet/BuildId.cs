using Refinery.Kernel.Web;
using System.Text.Json;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Names builds as their callers know them.</summary>
internal static class BuildId
{
    private static readonly string[] Marks = ["third_party_id", "parser_id", "image_uri"];

    /// <summary><c>build-{third_party_id}-{parser_id}-{suffix of the step id}</c>; by default <c>refinery</c> and <c>{package}-{version}</c>.</summary>
    /// <remarks>Source: docs/spec/builds.md, "List builds".</remarks>
    public static string Of(string stepId, NewStep step)
    {
        var metadata = step.Metadata ?? default;
        var thirdParty = metadata.TextMember("third_party_id") ?? "refinery";
        var parser = metadata.TextMember("parser_id") ?? DefaultParser(step);
        return $"build-{thirdParty}-{parser}-{stepId[^8..]}";
    }

    /// <summary>True for a wheel build and for any step whose metadata names what builds are known by.</summary>
    public static bool IsBuild(StepRow step) => step.Type == StepTypes.WheelBuild
        || (Marks.Any(mark => step.Metadata.Contains(mark, StringComparison.Ordinal)) && IsBuild(StepJson.Parse(step.Metadata)));

    private static bool IsBuild(JsonElement metadata) => Marks.Any(mark => metadata.TextMember(mark) is not null);

    private static string DefaultParser(NewStep step) =>
        step.Args.TextMember("package") is { } package
            ? $"{package}-{step.Args.TextMember("version") ?? "latest"}"
            : step.Type;
}
