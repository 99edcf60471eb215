using System.Text.Json;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;

namespace Refinery.Hints;

/// <summary>The table <c>hints</c>. Changes go through the journal; the projection writes the rows.</summary>
internal sealed class HintStore(Database database)
{
    /// <summary>Hints whose id, pattern or note holds the text, newest first; the catalogue's in the order of their ids.</summary>
    /// <param name="text">Empty for all; letters of ASCII in either case, others as they are.</param>
    public async Task<IReadOnlyList<Hint>> ListAsync(string text, Page page, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(
            sql => sql.QueryAsync<HintRow>(
                """
                SELECT * FROM hints
                WHERE is_deleted = 0
                  AND (LOWER(pattern) LIKE @Like ESCAPE '!' OR LOWER(note) LIKE @Like ESCAPE '!' OR hint_id LIKE @Like ESCAPE '!')
                ORDER BY created_sequence DESC, hint_id LIMIT @Limit OFFSET @Offset
                """,
                new { Like = Contains(text), page.Limit, page.Offset }),
            cancellationToken);
        return [.. rows.Select(ToHint)];
    }

    /// <summary>Every hint in use.</summary>
    public async Task<IReadOnlyList<Hint>> AllAsync(CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(
            sql => sql.QueryAsync<HintRow>("SELECT * FROM hints WHERE is_deleted = 0 ORDER BY hint_id"), cancellationToken);
        return [.. rows.Select(ToHint)];
    }

    /// <summary>The hint, or null when there is none or it was deleted.</summary>
    public Task<Hint?> FindAsync(string id, CancellationToken cancellationToken) =>
        database.ReadAsync(sql => FindAsync(sql, id), cancellationToken);

    /// <summary>Grows whenever a hint is made, changed or deleted, by any host.</summary>
    public Task<long> RevisionAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(sql => sql.FirstOrDefaultAsync<long>("SELECT COALESCE(MAX(revision), 0) FROM hints"), cancellationToken);

    /// <summary>Journals a new hint.</summary>
    public Task<Hint> CreateAsync(Hint hint, CancellationToken cancellationToken) => database.WriteAsync(
        sql =>
        {
            sql.Append(HintEvents.Create(hint));
            return Task.FromResult(hint);
        },
        cancellationToken);

    /// <summary>Journals a change of a hint; its id, origin and count stay.</summary>
    /// <returns>The hint after the change, or null when there is none.</returns>
    public Task<Hint?> UpdateAsync(string id, HintRequest change, CancellationToken cancellationToken) => database.WriteAsync(
        async sql =>
        {
            if (await FindAsync(sql, id) is not { } known)
            {
                return null;
            }

            var changed = change.ToHint(id, known.Origin, known.Matches);
            sql.Append(HintEvents.Update(changed));
            return changed;
        },
        cancellationToken);

    /// <summary>Journals a deletion.</summary>
    /// <returns>False when there is no such hint.</returns>
    public Task<bool> DeleteAsync(string id, CancellationToken cancellationToken) => database.WriteAsync(
        async sql =>
        {
            // The row goes at once, so that a second deletion or change in the same commit sees it gone.
            var isKnown = await sql.ExecuteAsync("UPDATE hints SET is_deleted = 1 WHERE hint_id = @Id AND is_deleted = 0", new { Id = id }) > 0;
            if (isKnown)
            {
                sql.Append(HintEvents.Delete(id));
            }

            return isKnown;
        },
        cancellationToken);

    /// <summary>Journals the hints whose ids were never known; a changed or deleted one is known.</summary>
    /// <returns>How many were new.</returns>
    public Task<int> SeedAsync(IReadOnlyList<Hint> hints, CancellationToken cancellationToken) => database.WriteAsync(
        async sql =>
        {
            var known = (await sql.QueryAsync<string>("SELECT hint_id FROM hints")).ToHashSet(StringComparer.Ordinal);
            var missing = hints.Where(hint => !known.Contains(hint.Id)).ToList();
            if (missing.Count > 0)
            {
                sql.Append(HintEvents.Seed(missing));
            }

            return missing.Count;
        },
        cancellationToken);

    /// <summary>Empties the table.</summary>
    public static Task ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM hints");

    /// <summary>Writes a new hint's row; a known id keeps its row.</summary>
    public static Task InsertAsync(SqlSession sql, Hint hint, long sequence) => sql.ExecuteAsync(
        """
        INSERT INTO hints (hint_id, pattern, recipes, note, applies_to, confidence, origin, matches, is_deleted, created_sequence, revision)
        VALUES (@Id, @Pattern, @Recipes, @Note, @AppliesTo, @Confidence, @Origin, 0, 0, @Sequence, @Sequence)
        ON CONFLICT (hint_id) DO NOTHING
        """,
        Columns(hint, sequence));

    /// <summary>Writes a changed hint's row.</summary>
    public static Task ChangeAsync(SqlSession sql, Hint hint, long sequence) => sql.ExecuteAsync(
        """
        UPDATE hints SET pattern = @Pattern, recipes = @Recipes, note = @Note, applies_to = @AppliesTo,
            confidence = @Confidence, revision = @Sequence
        WHERE hint_id = @Id
        """,
        Columns(hint, sequence));

    /// <summary>Makes a hint's row a tombstone.</summary>
    public static Task BuryAsync(SqlSession sql, string id, long sequence) => sql.ExecuteAsync(
        "UPDATE hints SET is_deleted = 1, revision = @Sequence WHERE hint_id = @Id",
        new { Id = id, Sequence = sequence });

    /// <summary>Counts a match; a hint that is not known is passed over.</summary>
    public static Task CountMatchAsync(SqlSession sql, string id) => sql.ExecuteAsync(
        "UPDATE hints SET matches = matches + 1 WHERE hint_id = @Id", new { Id = id });

    private static async Task<Hint?> FindAsync(SqlSession sql, string id) =>
        await sql.FirstOrDefaultAsync<HintRow>("SELECT * FROM hints WHERE hint_id = @Id AND is_deleted = 0", new { Id = id }) is { } row
            ? ToHint(row)
            : null;

    private static object Columns(Hint hint, long sequence) => new
    {
        hint.Id,
        hint.Pattern,
        Recipes = ToJson(hint.Recipes),
        hint.Note,
        AppliesTo = hint.AppliesTo is null ? null : ToJson(hint.AppliesTo),
        hint.Confidence,
        Origin = hint.Origin == HintOrigin.Seed ? "seed" : "user",
        Sequence = sequence,
    };

    private static string Contains(string text) =>
        $"%{Fold(text).Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal)}%";

    /// <summary>As both engines' LOWER does.</summary>
    private static string Fold(string text) => string.Concat(text.Select(letter => char.IsAsciiLetterUpper(letter) ? char.ToLowerInvariant(letter) : letter));

    private static string ToJson<T>(T value) => JsonSerializer.Serialize(value, RefineryJson.Options);

    private static T FromJson<T>(string json) =>
        JsonSerializer.Deserialize<T>(json, RefineryJson.Options) ?? throw new InvalidOperationException("A JSON column of hints holds null.");

    private static Hint ToHint(HintRow row) => new()
    {
        Id = row.HintId,
        Pattern = row.Pattern,
        Recipes = FromJson<Dictionary<string, IReadOnlyList<string>>>(row.Recipes),
        Note = row.Note,
        AppliesTo = row.AppliesTo is null ? null : FromJson<string[]>(row.AppliesTo),
        Confidence = row.Confidence,
        Origin = row.Origin == "seed" ? HintOrigin.Seed : HintOrigin.User,
        Matches = row.Matches,
    };

    /// <summary>A row of <c>hints</c>.</summary>
    private sealed record HintRow
    {
        public required string HintId { get; init; }
        public required string Pattern { get; init; }
        public required string Recipes { get; init; }
        public required string Note { get; init; }
        public string? AppliesTo { get; init; }
        public double? Confidence { get; init; }
        public required string Origin { get; init; }
        public required long Matches { get; init; }
    }
}
