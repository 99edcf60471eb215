namespace Refinery.Kernel.Work;

/// <summary>Step types that more than one module knows.</summary>
public static class StepTypes
{
    /// <summary>Builds one wheel from source; args: package, version, python_tag, platform_tag.</summary>
    public const string WheelBuild = "wheel_build";
}
