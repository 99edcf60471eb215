using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;

namespace Refinery.Builds;

/// <summary>Where sources come from, what is built for, and within which bounds.</summary>
internal sealed class BuildOptions
{
    /// <summary>The package index (PEP 503 or 691); default: the one the interpreter's own pip asks.</summary>
    [ConfigurationKeyName("INDEX_URL")]
    public string? IndexUrl { get; set; }

    /// <summary>Further indexes, space-separated; default none.</summary>
    [ConfigurationKeyName("EXTRA_INDEX_URLS")]
    public string ExtraIndexUrls { get; set; } = string.Empty;

    /// <summary>Folders or HTML pages with sdists and wheels, space-separated; default none.</summary>
    [ConfigurationKeyName("FIND_LINKS")]
    public string FindLinks { get; set; } = string.Empty;

    /// <summary><c>1</c> asks no index, only FIND_LINKS; default <c>0</c>.</summary>
    [ConfigurationKeyName("NO_INDEX")]
    [RegularExpression("0|1", ErrorMessage = "NO_INDEX must be 0 or 1.")]
    public string NoIndex { get; set; } = "0";

    /// <summary>The python tag to build for, for example <c>cp311</c>; default: that of the local python3.</summary>
    [ConfigurationKeyName("TARGET_PYTHON")]
    [RegularExpression("cp[0-9]{2,4}", ErrorMessage = "TARGET_PYTHON must be a tag such as cp311.")]
    public string? TargetPython { get; set; }

    /// <summary>The interpreter's program, a name or a path; default: that of TARGET_PYTHON, else <c>python3</c>.</summary>
    [ConfigurationKeyName("BUILD_PYTHON")]
    public string? Python { get; set; }

    /// <summary>The platform tag to build for, for example <c>manylinux2014_s390x</c>; default: that of the local python3.</summary>
    [ConfigurationKeyName("TARGET_PLATFORM")]
    [RegularExpression("[A-Za-z0-9_]+", ErrorMessage = "TARGET_PLATFORM must be a platform tag such as linux_s390x.")]
    public string? TargetPlatform { get; set; }

    /// <summary><c>pinned</c> (default) builds exactly the versions named and nothing that names none; <c>upgrade</c> takes the newest that fit.</summary>
    [ConfigurationKeyName("STRATEGY")]
    [RegularExpression("pinned|upgrade", ErrorMessage = "STRATEGY must be pinned or upgrade.")]
    public string Strategy { get; set; } = "pinned";

    /// <summary><c>apply</c> installs what a hint names and tries again, <c>suggest</c> only says so, <c>off</c> neither; default <c>suggest</c>, or <c>apply</c> for root in a container.</summary>
    [ConfigurationKeyName("RECIPES")]
    [RegularExpression("apply|suggest|off", ErrorMessage = "RECIPES must be apply, suggest or off.")]
    public string? Recipes { get; set; }

    /// <summary>Where builds run: <c>process</c> (default), <c>container</c>, or the name of a plugin in <c>plugins/runners/</c>.</summary>
    [ConfigurationKeyName("BUILD_RUNNER")]
    public string Runner { get; set; } = "process";

    /// <summary>The image that builds run in when BUILD_RUNNER is not process; it must hold the target's python3 with pip.</summary>
    [ConfigurationKeyName("BUILD_IMAGE")]
    public string? Image { get; set; }

    /// <summary><c>1</c> gives builds in an image the network; default <c>0</c>.</summary>
    [ConfigurationKeyName("BUILD_NETWORK")]
    [RegularExpression("0|1", ErrorMessage = "BUILD_NETWORK must be 0 or 1.")]
    public string Network { get; set; } = "0";

    /// <summary>Seconds one build may take; 1–86400, default 3600.</summary>
    [ConfigurationKeyName("BUILD_TIMEOUT_SEC")]
    [Range(1, 86_400, ErrorMessage = "BUILD_TIMEOUT_SEC must be 1 to 86400 seconds.")]
    public int TimeoutSeconds { get; set; } = 3600;

    /// <summary>Memory in MB that a build, and without an image each process of it, may take; 0 (default) is without limit.</summary>
    [ConfigurationKeyName("BUILD_MEMORY_MB")]
    [Range(0, 1_048_576, ErrorMessage = "BUILD_MEMORY_MB must be 0 to 1048576.")]
    public int MemoryMegabytes { get; set; }

    /// <summary>Processors a build in an image may use, for example 1.5; 0 (default) is without limit.</summary>
    [ConfigurationKeyName("BUILD_CPUS")]
    [Range(0, 1024, ErrorMessage = "BUILD_CPUS must be 0 to 1024.")]
    public double Cpus { get; set; }

    /// <summary>Largest sdist in MB; 1–10240, default 1024.</summary>
    [ConfigurationKeyName("SDIST_MAX_MB")]
    [Range(1, 10_240, ErrorMessage = "SDIST_MAX_MB must be 1 to 10240.")]
    public int SdistMaxMegabytes { get; set; } = 1024;

    /// <summary>The interpreter's program.</summary>
    public string PythonProgram => Python ?? (TargetPython is { Length: > 3 } tag ? $"python{tag[2]}.{tag[3..]}" : "python3");
}
