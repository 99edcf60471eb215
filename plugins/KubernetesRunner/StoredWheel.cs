using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Refinery.KubernetesRunner;

/// <summary>The wheel that a pod stored, as it reports it.</summary>
/// <param name="FileName">Its plain name.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
internal sealed partial record StoredWheel(string FileName, string Sha256)
{
    /// <summary>Reads a pod's report.</summary>
    /// <returns>Null when there was no single wheel, or one with a name that no wheel has.</returns>
    public static StoredWheel? Parse(string report)
    {
        try
        {
            var facts = JsonNode.Parse(report) as JsonObject;
            return PodState.Text(facts, "file_name") is { } name && FileNames().IsMatch(name) && PodState.Text(facts, "sha256") is { } digest && Digests().IsMatch(digest)
                ? new StoredWheel(name, digest)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9_.+!-]{1,250}\.whl\z", RegexOptions.NonBacktracking)]
    private static partial Regex FileNames();

    [GeneratedRegex(@"^[0-9a-f]{64}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Digests();
}
