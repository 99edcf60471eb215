using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Hints;

/// <summary>Makes the rows of <c>hints</c> from what happened to hints, and counts how often each has matched a failed attempt.</summary>
internal sealed class HintProjection : IProjection
{
    public string Name => "hints";

    public Task ResetAsync(SqlSession sql) => HintStore.ResetAsync(sql);

    public async Task ApplyAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
    {
        foreach (var happened in events)
        {
            await ApplyAsync(sql, happened);
        }
    }

    private static Task ApplyAsync(SqlSession sql, JournalEvent happened) => happened.EventType switch
    {
        HintEvents.Created or HintEvents.Seeded => ForEachAsync(HintEvents.Read(happened), hint => HintStore.InsertAsync(sql, hint, happened.Sequence)),
        HintEvents.Updated => ForEachAsync(HintEvents.Read(happened), hint => HintStore.ChangeAsync(sql, hint, happened.Sequence)),
        HintEvents.Deleted => ForEachAsync(Texts(happened.Payload, "hint_id"), id => HintStore.BuryAsync(sql, id, happened.Sequence)),
        "attempt.failed" => ForEachAsync(Texts(happened.Payload, "matched_hint_ids"), id => HintStore.CountMatchAsync(sql, id)),
        _ => Task.CompletedTask,
    };

    private static async Task ForEachAsync<T>(IEnumerable<T> items, Func<T, Task> apply)
    {
        foreach (var item in items)
        {
            await apply(item);
        }
    }

    /// <summary>A member that is a text or an array of texts; what is neither is passed over.</summary>
    private static IEnumerable<string> Texts(CanonicalObject payload, string name)
    {
        IEnumerable<JsonElement> values = payload.Member(name, JsonValueKind.Array) is { } array ? array.EnumerateArray()
            : payload.Member(name, JsonValueKind.String) is { } text ? [text]
            : [];
        return values.Where(value => value.ValueKind == JsonValueKind.String).Select(value => value.GetString() ?? string.Empty);
    }
}
