using System.Text.Json;

namespace Refinery.Contract;

/// <summary>One attempt at one step, as its handler sees it.</summary>
public interface IStepContext
{
    /// <summary>The step's id.</summary>
    string StepId { get; }

    /// <summary>1 for the first attempt, then counting up.</summary>
    int Attempt { get; }

    /// <summary>True when a failure of this attempt is final.</summary>
    bool IsLastAttempt { get; }

    /// <summary>The step's arguments: always a JSON object.</summary>
    JsonElement Args { get; }

    /// <summary>The submitter's metadata: always a JSON object, often empty.</summary>
    JsonElement Metadata { get; }

    /// <summary>System packages to install before the work, by package manager (<c>apt</c>, <c>dnf</c>, <c>pip</c>, <c>env</c>); empty when none.</summary>
    IReadOnlyDictionary<string, IReadOnlyList<string>> Recipes { get; }

    /// <summary>Appends one line to the attempt's log; it is seen live at once and stored when the attempt ends.</summary>
    /// <param name="line">One line without its line break.</param>
    ValueTask LogAsync(string line);

    /// <summary>The last lines logged so far, oldest first, for matching hints.</summary>
    /// <param name="maxBytes">At most this many UTF-8 bytes, counted from the end.</param>
    string LogTail(int maxBytes);
}
