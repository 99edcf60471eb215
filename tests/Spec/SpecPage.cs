using System.Text.Json;

namespace Refinery.Tests.Spec;

/// <summary>Reads the examples of a page of docs/spec, by the words that docs/spec/README.md defines.</summary>
internal sealed class SpecPage
{
    private const string Opening = "```json";
    private readonly string name;
    private readonly List<SpecExample> examples = [];
    private readonly List<JsonElement> fragments = [];
    private (string Method, string Path, string Body)? asked;

    private SpecPage(string name) => this.name = name;

    /// <summary>The pages that hold examples.</summary>
    public static string[] Names { get; } = ["control-plane-intent.md", "control-plane-api.md", "event-graph.md", "fleet-q.md", "builds.md"];

    public static IReadOnlyList<SpecExample> Read(string name) => Load(name).examples;

    /// <summary>What a page shows without asking for it, for example what others are sent.</summary>
    public static IReadOnlyList<JsonElement> Fragments(string name) => Load(name).fragments;

    private static SpecPage Load(string name)
    {
        var page = new SpecPage(name);
        var lines = File.ReadAllLines(Path.Combine(Paths.Repository, "docs", "spec", name));
        for (var index = 0; index < lines.Length; index++)
        {
            if (lines[index].StartsWith(Opening, StringComparison.Ordinal))
            {
                var end = Array.IndexOf(lines, "```", index);
                page.Add($"{name}:{index + 1}", lines[index][Opening.Length..].Trim(), string.Join('\n', lines[(index + 1)..end]));
                index = end;
            }
        }

        return page;
    }

    private void Add(string place, string words, string text)
    {
        var json = JsonDocument.Parse(text).RootElement.Clone();
        switch (words.Split(' '))
        {
            case ["fragment"]:
                fragments.Add(json);
                break;
            case ["request", var method, var path]:
                asked = (method, path, text);
                break;
            case ["answer", var status] when asked is { } request:
                examples.Add(new SpecExample(place, request.Method, request.Path, request.Body, int.Parse(status), json));
                asked = null;
                break;
            case ["answer", var status, "to", var method, var path]:
                examples.Add(new SpecExample(place, method, path, Body: null, int.Parse(status), json));
                break;
            default:
                throw new InvalidDataException($"{place} of {name} opens an example with '{words}', which docs/spec/README.md does not know.");
        }
    }
}
