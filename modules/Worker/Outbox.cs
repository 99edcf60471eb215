using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Refinery.FileQueue;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>The letters to the server that are not delivered, each a file of its own: flushed to the disk, then renamed, so that it is whole or not there.</summary>
/// <remarks>Safe to call from many threads at once. No letter is lost by a kill or a full disk; the worst is one that is sent twice.</remarks>
internal sealed partial class Outbox(IDataDirectory data, ILogger<Outbox> logger)
{
    private const string Ending = ".json";

    private readonly ConcurrentDictionary<string, Letter> letters = new(StringComparer.Ordinal);
    private readonly Channel<Letter> waiting = Channel.CreateUnbounded<Letter>();

    /// <summary>The claims whose outcome the server has yet to hear; they are renewed as if they ran.</summary>
    public IReadOnlyList<Holder> Held => [.. letters.Values.Where(letter => letter.Outcome is not null).Select(letter => letter.Claim)];

    /// <summary>Takes in what an earlier process could not deliver.</summary>
    /// <returns>The names of the logs that its letters send.</returns>
    public IReadOnlyCollection<string> Load()
    {
        Directory.CreateDirectory(Folder);
        foreach (var path in Directory.GetFiles(Folder, $"*{Ending}").Order(StringComparer.Ordinal))
        {
            if (Read(path) is { } letter && letters.TryAdd(letter.Key, letter))
            {
                waiting.Writer.TryWrite(letter);
            }
        }

        if (!letters.IsEmpty)
        {
            LogFound(logger, letters.Count);
        }

        return [.. letters.Values.Select(letter => letter.Log?.FileName).OfType<string>()];
    }

    /// <summary>Keeps the letter and has it delivered.</summary>
    /// <exception cref="IOException">The disk does not take it; it is not kept.</exception>
    public void Post(Letter letter)
    {
        var path = PathOf(letter);
        var draft = $"{path}.new";
        using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            JsonSerializer.Serialize(file, letter, RefineryJson.Options);
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
        FolderSync.Flush(Folder);
        if (letters.TryAdd(letter.Key, letter))
        {
            waiting.Writer.TryWrite(letter);
        }
    }

    /// <summary>The letters as they come, those found at the start first; ends after <see cref="Close"/>.</summary>
    public IAsyncEnumerable<Letter> ReadAllAsync(CancellationToken cancellationToken) => waiting.Reader.ReadAllAsync(cancellationToken);

    /// <summary>The server has heard it, or refused it for good.</summary>
    public void Remove(Letter letter)
    {
        File.Delete(PathOf(letter));
        letters.TryRemove(letter.Key, out _);
    }

    /// <summary>What is posted from now on is left for the next start.</summary>
    public void Close() => waiting.Writer.TryComplete();

    private string Folder => Path.Combine(data.Path, "outbox");

    private string PathOf(Letter letter) => Path.Combine(Folder, $"{Uri.EscapeDataString(letter.Key)}{Ending}");

    private Letter? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<Letter>(File.ReadAllBytes(path), RefineryJson.Options);
        }
        catch (JsonException fault)
        {
            LogUnreadable(logger, fault, path);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Information, "{Count} results of an earlier start wait to be delivered.")]
    private static partial void LogFound(ILogger logger, int count);

    [LoggerMessage(LogLevel.Error, "{Path} is damaged and cannot be delivered; it is left there.")]
    private static partial void LogUnreadable(ILogger logger, Exception fault, string path);
}
