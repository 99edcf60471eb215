namespace Refinery.Tests.Builds;

/// <summary>A recipe of pip adds a package to a build and takes none away.</summary>
public sealed class PipRecipeTests
{
    [Fact]
    public async Task A_recipe_is_there_beside_all_that_the_source_declares_and_its_backend_asks_for()
    {
        await using var yard = await BuildYard.StartAsync();
        SourceArchive.WritePure(yard.Sources, "yardrecipe");
        SourceArchive.WritePure(yard.Sources, "yardasked");
        WriteBackend(yard.Sources);
        WriteNeedy(yard.Sources, "yardneedy");

        await yard.BuildAsync(new { package = "yardneedy", version = "1.0", recipes = new[] { "pip:yardrecipe" } });

        Assert.True((await yard.WordsAsync("yardneedy"))[^1] == "built", await yard.LogAsync("yardneedy"));
        using var folder = new TemporaryFolder();
        var wheel = await yard.DownloadAsync(await yard.EntryAsync("yardneedy"), folder.Path);
        Assert.Equal("42", await DebianPython.InstallAndEvaluateAsync(wheel, "__import__('yardneedy').value()"));
    }

    [Fact]
    public async Task A_source_from_before_pyproject_gets_setuptools_and_its_recipe()
    {
        await using var yard = await BuildYard.StartAsync();
        SourceArchive.WritePure(yard.Sources, "yardrecipe");
        SourceArchive.WriteWithoutProject(yard.Sources, "yardold", "1.0", ("setup.py", Importing("yardold", "yardrecipe")), ("yardold.py", string.Empty));

        await yard.BuildAsync(new { package = "yardold", version = "1.0", recipes = new[] { "pip:yardrecipe" } });

        Assert.True((await yard.WordsAsync("yardold"))[^1] == "built", await yard.LogAsync("yardold"));
    }

    /// <summary>A backend that is a package of its own and asks for one more.</summary>
    private static void WriteBackend(string folder) => SourceArchive.Write(
        folder,
        "yardbackend",
        "1.0",
        ("setup.py", "from setuptools import setup\nsetup(name='yardbackend', version='1.0', py_modules=['yardbackend'])\n"),
        ("yardbackend.py", "from setuptools.build_meta import *\ndef get_requires_for_build_wheel(config_settings=None):\n    return ['yardasked', 'wheel']\n"));

    private static void WriteNeedy(string folder, string name) => SourceArchive.WriteWithoutProject(
        folder,
        name,
        "1.0",
        ("pyproject.toml", "[build-system]\nrequires = ['setuptools', 'yardbackend']\nbuild-backend = 'yardbackend'\n"),
        ("setup.py", Importing(name, "yardrecipe, yardasked")),
        ($"{name}.py", "def value():\n    return 42\n"));

    private static string Importing(string name, string modules) =>
        $"import {modules}\nfrom setuptools import setup\nsetup(name='{name}', version='1.0', py_modules=['{name}'])\n";
}
