namespace Refinery.Kernel.Storage;

/// <summary>A text prepared on one connection, run again and again with other values.</summary>
internal interface ISqlStatement : IAsyncDisposable
{
    /// <summary>Runs it.</summary>
    /// <returns>The number of rows changed.</returns>
    Task<int> ExecuteAsync(object? parameters);

    /// <summary>Runs it and reads its rows, at most so many.</summary>
    Task<List<T>> QueryAsync<T>(Func<ISqlRow, T> read, object? parameters, int most = int.MaxValue);
}

/// <summary>Takes the values of one run of a statement, by position.</summary>
internal interface ISqlValues
{
    void Set(int position, string? value);

    /// <summary>A text that is UTF-8 already.</summary>
    void Set(int position, ReadOnlyMemory<byte>? value);

    void Set(int position, long? value);

    void Set(int position, double? value);

    void Set(int position, byte[]? value);
}
