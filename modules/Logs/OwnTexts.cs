using Microsoft.Extensions.Logging;
using Refinery.Kernel.Storage;

namespace Refinery.Logs;

/// <summary>The texts of a host with a database of its own: they are in its archive and nowhere else, and the table <c>log_texts</c> says where.</summary>
internal sealed partial class OwnTexts(Database database, LogStore store, LogArchive archive, ILogger<OwnTexts> logger) : ITextKeeper
{
    private const int PageSize = 500;

    // Missing after a death between text and row, and all of them when the database was made anew from the journal.
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var known = await store.CountTextsAsync(cancellationToken);
        foreach (var segment in archive.Segments.Where(segment => segment.Texts.Length > known.GetValueOrDefault(segment.Number)))
        {
            foreach (var texts in Enumerable.Range(0, segment.Texts.Length).Chunk(PageSize))
            {
                await database.WriteAsync(sql => AddTextsAsync(sql, segment, texts), cancellationToken);
            }

            LogFound(logger, segment.Number, segment.Texts.Length);
        }
    }

    public async Task<TextPlace> KeepAsync(string sha256, LogDraft draft) =>
        await store.FindTextAsync(sha256, CancellationToken.None) ?? await archive.AddAsync(draft);

    public Task JoinAsync(SqlSession sql, string sha256, TextPlace place) => LogStore.InsertTextAsync(sql, sha256, place);

    public Task<TextPlace?> FindAsync(string sha256, CancellationToken cancellationToken) => store.FindTextAsync(sha256, cancellationToken);

    public Task<IReadOnlyList<LogRow>> ListOlderAsync(LogCursor cursor, int limit, CancellationToken cancellationToken) =>
        store.ListOlderWithPlacesAsync(cursor, limit, cancellationToken);

    public Task<bool> CatchUpAsync(CancellationToken cancellationToken) => Task.FromResult(true);

    private static async Task<bool> AddTextsAsync(SqlSession sql, LogSegment segment, int[] texts)
    {
        foreach (var text in texts.Select(number => segment.Texts.Span[number]))
        {
            await LogStore.InsertTextAsync(sql, segment.Sha256Of(text), new TextPlace(segment.Number, text.Offset, text.Length));
        }

        return true;
    }

    [LoggerMessage(LogLevel.Information, "Segment {Segment} holds texts that the database did not know; its {Texts} texts were gone through.")]
    private static partial void LogFound(ILogger logger, int segment, int texts);
}
