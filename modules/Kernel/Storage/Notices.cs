using System.Collections.Concurrent;
using System.Text.Json;
using Npgsql;

namespace Refinery.Kernel.Storage;

/// <summary>What hosts on one database tell each other of their commits. Where one process holds the database there is nobody to tell.</summary>
/// <remarks>A notice may be lost with a connection: whoever hears them is told so and looks for himself. Safe for all threads.</remarks>
public sealed class Notices
{
    internal const string Channel = "refinery";

    /// <summary>Characters of one notification at most; Postgres takes 8000 bytes.</summary>
    private const int MaxPayload = 7000;

    private readonly ConcurrentDictionary<string, Action<Heard?>> listeners = new(StringComparer.Ordinal);
    private readonly string self = Guid.NewGuid().ToString("N");

    /// <summary>Has an action run for each notice of a topic from another host, and with null whenever some may have been missed. Quick, and never throws.</summary>
    public void Hear(string topic, Action<Heard?> action) => listeners[topic] = action;

    /// <summary>Sends what the session's transaction tells; it is heard with the commit.</summary>
    internal async Task SendAsync(SqlSession session)
    {
        if (session.Dialect.Notify is { } notify && session.Told.Count > 0)
        {
            var told = session.Told.Select(one => new TimesTold<object>(one.Key.Topic, one.Value, one.Key.Words)).ToList();
            await session.ExecuteAllAsync(notify, [.. Payloads(told, session.Sequence).Select(payload => new { Payload = payload })]);
        }
    }

    /// <summary>Hears the other hosts until the token fires or the connection is lost.</summary>
    internal async Task ListenAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        connection.Notification += (_, notification) => Take(notification.Payload);
        await using (var listen = new NpgsqlCommand($"LISTEN {Channel}", connection))
        {
            await listen.ExecuteNonQueryAsync(cancellationToken);
        }

        Miss();
        while (true)
        {
            await connection.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Has everybody look for himself.</summary>
    internal void Miss()
    {
        foreach (var action in listeners.Values)
        {
            action(null);
        }
    }

    /// <summary>What a group says, in few notifications.</summary>
    private IEnumerable<string> Payloads(IReadOnlyList<TimesTold<object>> told, long sequence)
    {
        var text = JsonSerializer.Serialize(new Payload<object>(self, sequence, told));
        return text.Length <= MaxPayload || told.Count == 1
            ? [text]
            : told.Chunk((told.Count + 1) / 2).SelectMany(half => Payloads(half, sequence));
    }

    private void Take(string text)
    {
        if (JsonSerializer.Deserialize<Payload<JsonElement>>(text) is not { } payload || payload.Host == self)
        {
            return;
        }

        foreach (var told in payload.Told)
        {
            listeners.GetValueOrDefault(told.Topic)?.Invoke(new Heard(told.Words, told.Times, payload.Sequence));
        }
    }

    /// <summary>One notification.</summary>
    private sealed record Payload<T>(string Host, long Sequence, IReadOnlyList<TimesTold<T>> Told);

    /// <summary>A notice and how often it was told.</summary>
    private sealed record TimesTold<T>(string Topic, int Times, T Words);
}

/// <summary>One thing a commit tells the other hosts.</summary>
/// <param name="Topic">Whom it concerns: a word.</param>
/// <param name="Words">A record of few members, or a text.</param>
internal sealed record Notice(string Topic, object Words);

/// <summary>What another host has told.</summary>
/// <param name="Words">As they were told.</param>
/// <param name="Times">How often its group of commits said the same.</param>
/// <param name="Sequence">The journal's length with that group.</param>
public sealed record Heard(JsonElement Words, int Times, long Sequence);
