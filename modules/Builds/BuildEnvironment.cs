using Refinery.Builds.Index;
using Refinery.Builds.Processes;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>The whole environment of a build's processes: an allow-list of the host's, and pip's settings as Refinery wants them.</summary>
internal sealed class BuildEnvironment(ProcessEnvironment host, SourcesInForce sources)
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
    public Dictionary<string, string> Of(WorkFolder work)
    {
        var environment = Bare(work.Folder("home"), work.Folder("tmp"));
        var settings = sources.Current;
        Set(environment, "PIP_INDEX_URL", settings.IndexUrl);
        Set(environment, "PIP_EXTRA_INDEX_URL", string.Join(' ', settings.ExtraIndexUrls));
        Set(environment, "PIP_FIND_LINKS", IndexSettings.PipLinks(settings.FindLinks));
        if (settings.NoIndex)
        {
            environment["PIP_NO_INDEX"] = "1";
        }

        return environment;
    }

    /// <summary>The environment without any index.</summary>
    public Dictionary<string, string> Bare(string home, string temporary)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = SearchPath,
            ["HOME"] = home,
            ["TMPDIR"] = temporary,
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

        return environment;
    }

    /// <summary>Adds the settings of recipes, each <c>NAME=value</c>; flags join those that are there, so that two hints do not undo each other.</summary>
    public static void Add(Dictionary<string, string> environment, IEnumerable<string> settings)
    {
        foreach (var setting in settings)
        {
            var (name, value) = setting.Split('=', 2) is [var left, var right] ? (left, right) : (setting, string.Empty);
            environment[name] = name.EndsWith("FLAGS", StringComparison.Ordinal) && environment.TryGetValue(name, out var flags) ? $"{flags} {value}" : value;
        }
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
