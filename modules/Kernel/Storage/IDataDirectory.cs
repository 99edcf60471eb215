namespace Refinery.Kernel.Storage;

/// <summary>Where a module keeps its files.</summary>
public interface IDataDirectory
{
    /// <summary>The absolute path of <c>DATA_DIR</c>; it exists once services start.</summary>
    string Path { get; }
}
