using Refinery.Kernel.Web;

namespace Refinery.Fleet;

/// <summary>Why a type is paused; the body may be left out.</summary>
/// <param name="Reason">In a sentence, 1 to 500 characters.</param>
internal sealed record PauseBody(string? Reason = null) : IChecked
{
    public string? Fault() => Reason is null or { Length: >= 1 and <= 500 }
        ? null
        : $"The field 'reason' has {Reason.Length} characters; 1 to 500 are expected.";
}

/// <summary>The step types that are known now, by name.</summary>
internal sealed record TypesAnswer(IReadOnlyList<TypeAnswer> Types);

/// <summary>A step type: one that steps wait or run of, that the local pod serves, or that is paused.</summary>
/// <param name="IsServedHere">Whether the pod in this process has a handler for it.</param>
/// <param name="Pause">Absent when it is not paused.</param>
internal sealed record TypeAnswer(string Type, long Pending, long Claimed, bool IsServedHere, PauseAnswer? Pause);

/// <summary>Since when a type is paused, by whom and why.</summary>
internal sealed record PauseAnswer(DateTimeOffset Since, string? By, string? Reason)
{
    public static PauseAnswer Of(PausedType paused) => new(paused.PausedAt, paused.PausedBy, paused.Reason);
}
