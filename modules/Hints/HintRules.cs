using Refinery.Kernel.Web;

namespace Refinery.Hints;

/// <summary>What the note and the packages of a hint may hold.</summary>
internal static class HintRules
{
    /// <summary>A hint names no more packages than this.</summary>
    private const int MaxNames = 100;

    private const int MaxNote = 2_000;

    /// <summary>The fault of a note; null when there is none.</summary>
    public static string? NoteFault(string? note) =>
        note?.Length > MaxNote ? $"The field 'note' has {note.Length} characters; at most {MaxNote} are expected." : null;

    /// <summary>The fault of the list of packages a hint is for; null when there is none.</summary>
    public static string? AppliesToFault(IReadOnlyList<string>? packages) => packages switch
    {
        null => null,
        { Count: > MaxNames } => $"The field 'applies_to' has {packages.Count} names; at most {MaxNames} are expected.",
        _ => packages.Where(name => name is null || PackageName.Fault(name) is not null)
            .Select(wrong => $"The field 'applies_to' holds {Errors.Quote(wrong)}; the name of a Python package is expected.")
            .FirstOrDefault(),
    };
}
