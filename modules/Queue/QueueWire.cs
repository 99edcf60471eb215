using System.Text.Json;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Queue;

/// <summary>A wheel to be built.</summary>
/// <param name="Package">The project's name on the index.</param>
/// <param name="Version">A PEP 440 version, built exactly; null for the newest, which STRATEGY=pinned does not build.</param>
/// <param name="Recipes">System packages to install first: <c>["apt:libffi-dev"]</c> or <c>{"apt":["libffi-dev"]}</c>.</param>
/// <param name="Sha256">The digest the sdist must have; null when unknown.</param>
/// <param name="Supersede">True to cancel the older builds of the same third party, package and tags that have not ended, whatever their version.</param>
internal sealed record EnqueueBody(
    string Package,
    string? Version = null,
    string? PythonTag = null,
    string? PlatformTag = null,
    JsonElement? Recipes = null,
    int Priority = 0,
    int MaxRetries = 3,
    string? RunId = null,
    string? Sha256 = null,
    string? ThirdPartyId = null,
    string? ParserId = null,
    string? ImageUri = null,
    JsonElement? Metadata = null,
    bool Supersede = false) : IChecked
{
    public string? Fault() => this switch
    {
        _ when PackageName.Fault(Package) is { } fault => fault,
        _ when Version is not null && PackageName.VersionFault(Version) is { } fault => fault,
        _ when TagFault("python_tag", PythonTag) is { } fault => fault,
        _ when TagFault("platform_tag", PlatformTag) is { } fault => fault,
        _ when TextFault("run_id", RunId) is { } fault => fault,
        _ when TextFault("third_party_id", ThirdPartyId) is { } fault => fault,
        _ when TextFault("parser_id", ParserId) is { } fault => fault,
        _ when ImageUri is { Length: > 2000 } => "The field 'image_uri' is longer than 2000 characters.",
        { MaxRetries: < 0 or > 10 } => $"The field 'max_retries' is {MaxRetries}; 0 to 10 is expected.",
        _ when Sha256 is not null && (Sha256.Length != 64 || !Sha256.All(char.IsAsciiHexDigit)) =>
            $"The field 'sha256' is {Errors.Quote(Sha256)}; 64 hex digits are expected.",
        _ when Metadata is { ValueKind: not (JsonValueKind.Object or JsonValueKind.Null) } metadata =>
            $"The field 'metadata' is {Errors.Quote(metadata.GetRawText())}; a JSON object is expected.",
        _ => RecipeList.Fault(Recipes),
    };

    /// <summary>The step that builds this wheel.</summary>
    public NewStep Step() => new()
    {
        Type = StepTypes.WheelBuild,
        Args = JsonSerializer.SerializeToElement(new ArgsJson(Package, Version, PythonTag, PlatformTag, Sha256?.ToLowerInvariant()), RefineryJson.Options),
        Metadata = MetadataJson(),
        Priority = Priority,
        MaxRetries = MaxRetries,
        Recipes = RecipeList.Read(Recipes),
    };

    private JsonElement? MetadataJson()
    {
        if (Metadata is not { ValueKind: JsonValueKind.Object } && RunId is null && ThirdPartyId is null && ParserId is null && ImageUri is null)
        {
            return null;
        }

        var members = Metadata is { ValueKind: JsonValueKind.Object } given
            ? JsonSerializer.Deserialize<SortedDictionary<string, JsonElement>>(given, RefineryJson.Options) ?? []
            : [];
        foreach (var (name, value) in new[] { ("run_id", RunId), ("third_party_id", ThirdPartyId), ("parser_id", ParserId), ("image_uri", ImageUri) })
        {
            if (value is not null)
            {
                members[name] = JsonSerializer.SerializeToElement(value);
            }
        }

        return JsonSerializer.SerializeToElement(members, RefineryJson.Options);
    }

    private static string? TagFault(string field, string? tag) =>
        tag is null || (tag.Length is >= 1 and <= 200 && tag.All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '.'))
            ? null
            : $"The field '{field}' is {Errors.Quote(tag)}; a wheel tag such as cp311 or manylinux2014_s390x is expected.";

    private static string? TextFault(string field, string? text) =>
        text is null || (text.Length is >= 1 and <= 200 && !text.Any(char.IsControl))
            ? null
            : $"The field '{field}' is {Errors.Quote(text)}; 1 to 200 characters without control characters are expected.";

    /// <summary>The arguments of a wheel build.</summary>
    private sealed record ArgsJson(string Package, string? Version, string? PythonTag, string? PlatformTag, string? Sha256);
}

/// <summary>A wheel was taken in.</summary>
/// <param name="Superseded">The builds that were cancelled for it, at most 100; absent when that was not asked for.</param>
internal sealed record EnqueueAnswer(string Detail, string StepId, string BuildId, long QueueLength, IReadOnlyList<string>? Superseded = null);

/// <summary>A wheel waiting to be built.</summary>
/// <param name="Attempts">Attempts already made.</param>
/// <param name="NotBefore">When a retry may start; absent when it may start now.</param>
internal sealed record QueueItemAnswer(
    string StepId, string BuildId, string Package, string? Version, string? PythonTag, string? PlatformTag,
    IReadOnlyList<string> Recipes, int Priority, int Attempts, DateTimeOffset EnqueuedAt, DateTimeOffset? NotBefore);

/// <summary>The queue, next to run first.</summary>
/// <param name="OldestAgeSeconds">Age of the oldest waiting item; 0 when none waits.</param>
internal sealed record QueueAnswer(IReadOnlyList<QueueItemAnswer> Items, long Length, double OldestAgeSeconds, string Backend);

/// <summary>How full the queue is.</summary>
internal sealed record QueueStatsAnswer(long Length, double OldestAgeSeconds, string Backend, long Leased, long Running);

/// <summary>The queue was emptied.</summary>
internal sealed record ClearAnswer(string Detail, long Cleared);
