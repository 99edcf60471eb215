namespace Refinery.Builds;

/// <summary>Installs what a source says its build needs, for a build that pip does not isolate: pip then installs nothing by itself.</summary>
/// <remarks>
/// An isolated environment is pip's own and takes no package beside those the source declares, so a recipe needs an environment of
/// ours. Source: PEP 517, <c>get_requires_for_build_wheel</c>, and PEP 518, <c>build-system.requires</c> with its default.
/// </remarks>
internal static class BuildRequirements
{
    /// <summary>What <c>python -c</c> runs first: arguments are the sdist, a folder to unpack it in, and the recipes.</summary>
    public const string Declared =
        Common +
        """
        sdist, folder, *recipes = sys.argv[1:]
        shutil.unpack_archive(sdist, folder)
        os.chdir(source(folder))
        install(system().get("requires", ["setuptools>=40.8.0", "wheel"]) + recipes)
        """;

    /// <summary>What it runs next, in a fresh process that sees the backend: asks that one what it needs for this source.</summary>
    public const string Asked =
        Common +
        """
        os.chdir(source(sys.argv[1]))
        declared = system()
        sys.path[:0] = [os.path.abspath(path) for path in declared.get("backend-path", [])]
        module, _, names = declared.get("build-backend", "setuptools.build_meta:__legacy__").partition(":")
        backend = importlib.import_module(module)
        for name in filter(None, names.split(".")):
            backend = getattr(backend, name)
        install(getattr(backend, "get_requires_for_build_wheel", list)())
        """;

    private const string Common =
        """
        import importlib, os, shutil, subprocess, sys
        try:
            import tomllib
        except ImportError:
            from pip._vendor import tomli as tomllib
        def source(folder):
            return next(entry.path for entry in os.scandir(folder) if entry.is_dir())
        def system():
            try:
                with open("pyproject.toml", "rb") as file:
                    return tomllib.load(file).get("build-system", {})
            except FileNotFoundError:
                return {}
        def install(requirements):
            if requirements:
                pip = [sys.executable, "-m", "pip", "install", "--no-cache-dir", "--progress-bar", "off", "--", *requirements]
                sys.stdout.flush()
                if code := subprocess.call(pip):
                    sys.exit(code)

        """;
}
