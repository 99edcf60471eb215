using System.Runtime.InteropServices;

namespace Refinery.Builds.Processes;

/// <summary>A null-terminated array of C strings, as exec takes arguments and environment.</summary>
internal sealed class NativeTexts : IDisposable
{
    public NativeTexts(IReadOnlyList<string> texts)
    {
        Pointers = new nint[texts.Count + 1];
        for (var index = 0; index < texts.Count; index++)
        {
            Pointers[index] = Marshal.StringToCoTaskMemUTF8(texts[index]);
        }
    }

    public nint[] Pointers { get; }

    public void Dispose()
    {
        foreach (var pointer in Pointers)
        {
            Marshal.FreeCoTaskMem(pointer);
        }
    }
}
