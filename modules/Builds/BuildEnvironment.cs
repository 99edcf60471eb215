using Refinery.Builds.Processes;
using Refinery.Contract;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>The whole environment of a build's processes: an allow-list of the host's, and pip's settings as Refinery wants them.</summary>
internal sealed class BuildEnvironment(ProcessEnvironment host)
{
    /// <summary>What a compiler or a downloader behind a proxy needs; everything else stays outside.</summary>
    private static readonly string[] Inherited =
    [
        "PATH", "CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "PKG_CONFIG_PATH", "http_proxy", "https_proxy", "no_proxy",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "PIP_CERT",
    ];

    /// <summary>The search path for programs.</summary>
    public string SearchPath => host["PATH"] is { Length: > 0 } path ? path : "/usr/local/bin:/usr/bin:/bin";

    /// <summary>The environment of one build, with its home and temporary folder inside its work folder.</summary>
    /// <param name="sources">Where pip looks; null for a process that installs nothing.</param>
    public Dictionary<string, string> Of(WorkFolder work, BuildSources? sources = null)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = SearchPath,
            ["HOME"] = work.Folder("home"),
            ["TMPDIR"] = work.Folder("tmp"),
            ["LANG"] = "C.UTF-8",
            ["PYTHONUNBUFFERED"] = "1",
            ["PYTHONDONTWRITEBYTECODE"] = "1",
            ["PIP_CONFIG_FILE"] = "/dev/null",
            ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1",
            ["PIP_NO_INPUT"] = "1",
            ["PIP_NO_COLOR"] = "1",
            ["PIP_ROOT_USER_ACTION"] = "ignore",
        };
        foreach (var name in Inherited)
        {
            Set(environment, name, host[name]);
        }

        foreach (var (name, value) in sources?.ToVariables() ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            environment[name] = value;
        }

        return environment;
    }

    /// <summary>Sets a variable that has a value.</summary>
    public static void Set(Dictionary<string, string> environment, string name, string? value)
    {
        if (!string.IsNullOrWhiteSpace(value))
        {
            environment[name] = value;
        }
    }
}
