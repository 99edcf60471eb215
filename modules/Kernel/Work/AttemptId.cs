using System.Globalization;

namespace Refinery.Kernel.Work;

/// <summary>How an attempt of a step is named.</summary>
public static class AttemptId
{
    /// <summary><c>{step_id}-{attempt_number}</c>.</summary>
    /// <param name="stepId">The step's id.</param>
    /// <param name="number">1 for the first; each claim makes the next.</param>
    public static string Of(string stepId, long number) => string.Create(CultureInfo.InvariantCulture, $"{stepId}-{number}");
}
