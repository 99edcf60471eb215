namespace Refinery.Kernel.Work;

/// <summary>Step types that more than one module knows.</summary>
public static class StepTypes
{
    /// <summary>Builds one wheel from source; args: package, version, python_tag, platform_tag.</summary>
    public const string WheelBuild = "wheel_build";

    /// <summary>Whether a text can name a step type: <c>[A-Za-z0-9_.:-]{1,100}</c>. Source: docs/spec/fleet-q.md, "Step submission".</summary>
    public static bool IsName(string text) =>
        text is { Length: >= 1 and <= 100 } && text.All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '.' or ':' or '-');
}
