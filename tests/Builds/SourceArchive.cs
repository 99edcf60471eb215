using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace Refinery.Tests.Builds;

/// <summary>Source archives as projects publish them, written by the tests.</summary>
internal static class SourceArchive
{
    private const string Project = """
        [build-system]
        requires = ["setuptools"]
        build-backend = "setuptools.build_meta"
        """;

    /// <summary>Writes <c>name-version.tar.gz</c> with these files.</summary>
    /// <returns>Its path.</returns>
    public static string Write(string folder, string name, string version, params (string Path, string Text)[] files) =>
        WriteWithoutProject(folder, name, version, [("pyproject.toml", Project), .. files]);

    /// <summary>The same without a <c>pyproject.toml</c>, unless it is among the files.</summary>
    /// <returns>Its path.</returns>
    public static string WriteWithoutProject(string folder, string name, string version, params (string Path, string Text)[] files)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{name}-{version}.tar.gz");
        using var zipped = new GZipStream(File.Create(path), CompressionLevel.Fastest);
        using var archive = new TarWriter(zipped, TarEntryFormat.Pax);
        (string Path, string Text)[] all = [("PKG-INFO", $"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"), .. files];
        foreach (var file in all)
        {
            archive.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, $"{name}-{version}/{file.Path}")
            {
                DataStream = new MemoryStream(Encoding.UTF8.GetBytes(file.Text)),
            });
        }

        return path;
    }

    /// <summary>A package of one module whose <c>value()</c> is 42.</summary>
    public static string WritePure(string folder, string name, string version = "1.0") => Write(
        folder, name, version, ("setup.py", Setup(name, version, $"py_modules=['{name}']")), ($"{name}.py", "def value():\n    return 42\n"));

    /// <summary>A package of one C module whose <c>value()</c> is what the expression says.</summary>
    /// <param name="header">Included before it is compiled, for example <c>attr/attributes.h</c>; null for none.</param>
    public static string WriteExtension(string folder, string name, string expression, string? header = null) => Write(
        folder, name, "1.0", ("setup.py", Setup(name, "1.0", $"ext_modules=[Extension('{name}', ['{name}.c'])]")), ($"{name}.c", Module(name, expression, header)));

    /// <summary>A package whose setup.py runs this code first.</summary>
    public static string WriteRunning(string folder, string name, string code) => Write(
        folder, name, "1.0", ("setup.py", $"{code}\n{Setup(name, "1.0", $"py_modules=['{name}']")}"), ($"{name}.py", string.Empty));

    private static string Setup(string name, string version, string what) => $"""
        import sys
        from setuptools import Extension, setup
        print('out: {name} is set up', flush=True)
        print('err: {name} is set up', file=sys.stderr, flush=True)
        setup(name='{name}', version='{version}', {what})

        """;

    private static string Module(string name, string expression, string? header) => $$$"""
        #define PY_SSIZE_T_CLEAN
        #include <Python.h>
        {{{(header is null ? string.Empty : $"#include <{header}>")}}}

        static PyObject *value(PyObject *self, PyObject *none) { return PyLong_FromLong({{{expression}}}); }
        static PyMethodDef methods[] = {{"value", value, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
        static PyModuleDef module = {PyModuleDef_HEAD_INIT, "{{{name}}}", NULL, -1, methods};
        PyMODINIT_FUNC PyInit_{{{name}}}(void) { return PyModule_Create(&module); }

        """;
}
