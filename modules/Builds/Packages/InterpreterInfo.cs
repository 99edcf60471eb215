using System.Text.Json;

namespace Refinery.Builds.Packages;

/// <summary>What a Python interpreter says about itself: its tags, and the values markers ask for.</summary>
/// <param name="Executable">The interpreter's own path.</param>
/// <param name="PythonTag">Such as <c>cp311</c>.</param>
/// <param name="PlatformTag">Such as <c>linux_x86_64</c>.</param>
/// <param name="Markers">PEP 508 names (<c>python_version</c>, <c>sys_platform</c>, …) and their values; <c>extra</c> is not among them.</param>
internal sealed record InterpreterInfo(string Executable, string PythonTag, string PlatformTag, IReadOnlyDictionary<string, string> Markers)
{
    /// <summary>What <c>python -c</c> runs; it prints the one line of JSON that <see cref="Parse"/> reads.</summary>
    public const string Script =
        """
        import json, os, platform, sys, sysconfig
        def full(v):
            text = "{0.major}.{0.minor}.{0.micro}".format(v)
            return text if v.releaselevel == "final" else text + v.releaselevel[0] + str(v.serial)
        kind = sys.implementation.name
        short = {"cpython": "cp", "pypy": "pp", "ironpython": "ip", "jython": "jy"}.get(kind, kind)
        print(json.dumps({
            "executable": sys.executable,
            "python_tag": "{}{}{}".format(short, *sys.version_info[:2]),
            "platform_tag": sysconfig.get_platform().replace("-", "_").replace(".", "_").replace(" ", "_"),
            "markers": {
                "implementation_name": kind,
                "implementation_version": full(sys.implementation.version),
                "os_name": os.name,
                "platform_machine": platform.machine(),
                "platform_python_implementation": platform.python_implementation(),
                "platform_release": platform.release(),
                "platform_system": platform.system(),
                "platform_version": platform.version(),
                "python_full_version": platform.python_version(),
                "python_version": ".".join(platform.python_version_tuple()[:2]),
                "sys_platform": sys.platform,
            },
        }))
        """;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The full version, for <c>Requires-Python</c>; null when the interpreter gives none that PEP 440 knows.</summary>
    public PepVersion? Version => PepVersion.TryParse(Markers.GetValueOrDefault("python_full_version"));

    /// <summary>The same for another target: its tags, and the markers that follow from them.</summary>
    /// <param name="pythonTag">Such as <c>cp312</c>; null for the interpreter's own.</param>
    /// <param name="platformTag">Such as <c>manylinux2014_s390x</c>; null for the interpreter's own.</param>
    public InterpreterInfo For(string? pythonTag, string? platformTag)
    {
        var markers = new Dictionary<string, string>(Markers, StringComparer.Ordinal);
        if (pythonTag is { Length: > 3 } && pythonTag != PythonTag)
        {
            // Of the target only its minor version is known.
            var version = $"{pythonTag[2]}.{pythonTag[3..]}";
            (markers["python_version"], markers["python_full_version"], markers["implementation_version"]) = (version, $"{version}.0", $"{version}.0");
        }

        if (platformTag is not null && Wheels.WheelTags.MachineOf(platformTag) is { } machine)
        {
            markers["platform_machine"] = machine;
        }

        return this with { PythonTag = pythonTag ?? PythonTag, PlatformTag = platformTag ?? PlatformTag, Markers = markers };
    }

    /// <exception cref="FormatException">The text is not what <see cref="Script"/> prints.</exception>
    public static InterpreterInfo Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<InterpreterInfo>(json, Json) ?? throw new JsonException();
        }
        catch (JsonException exception)
        {
            throw new FormatException("The interpreter did not describe itself; one line of JSON from Python 3 is expected.", exception);
        }
    }
}
