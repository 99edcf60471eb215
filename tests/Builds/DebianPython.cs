namespace Refinery.Tests.Builds;

/// <summary>Debian's interpreter, whose setuptools and wheel are wheels on this machine: all a build needs without a network.</summary>
internal static class DebianPython
{
    /// <summary>The interpreter.</summary>
    public const string Program = "/usr/bin/python3";

    /// <summary>Debian's wheels of pip, setuptools and wheel.</summary>
    public const string Wheels = "/usr/share/python-wheels";

    /// <summary>Installs a wheel into a fresh virtual environment and evaluates an expression there.</summary>
    /// <returns>What it prints.</returns>
    public static async Task<string> InstallAndEvaluateAsync(string wheel, string expression)
    {
        using var folder = new TemporaryFolder();
        var home = folder.File("venv");
        var python = Path.Combine(home, "bin", "python");
        // The system's pip installs into it: a copy of pip in each would take most of the time.
        await Tool.RunAsync(Program, "-m", "venv", "--without-pip", home);
        await Tool.RunAsync(Program, "-m", "pip", "--python", python, "install", "--quiet", "--no-index", "--no-deps", "--disable-pip-version-check", wheel);
        return (await Tool.RunAsync(python, "-c", $"print({expression})")).Trim();
    }
}
