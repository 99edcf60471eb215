using System.Globalization;

namespace Refinery.Logs;

/// <summary>Where in the archive of this machine a text lies, by digest: kept in memory, about 50 bytes a text, and read from the segments at the start.</summary>
internal sealed class HeldTexts(LogArchive archive)
{
    private readonly Lock gate = new();
    private readonly Dictionary<UInt128, TextPlace> places = [];

    /// <summary>Goes through the frames of all segments.</summary>
    public void Load()
    {
        foreach (var segment in archive.Segments)
        {
            foreach (var text in segment.Texts.Span)
            {
                Add(segment.Sha256Of(text), new TextPlace(segment.Number, text.Offset, text.Length));
            }
        }
    }

    public TextPlace? Find(string sha256)
    {
        lock (gate)
        {
            return Key(sha256) is { } key && places.TryGetValue(key, out var place) ? place : null;
        }
    }

    /// <summary>Puts the text into the archive unless it is there.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public async Task<TextPlace> AddAsync(string sha256, LogDraft draft)
    {
        if (Find(sha256) is { } held)
        {
            return held;
        }

        var place = await archive.AddAsync(draft);
        Add(sha256, place);
        return place;
    }

    // Half a digest: nobody makes two texts that share 128 bits of it. Null for what is none, as a foreign event may name.
    private static UInt128? Key(string sha256) =>
        sha256.Length == 64 && UInt128.TryParse(sha256.AsSpan(0, 32), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var key) ? key : null;

    private void Add(string sha256, TextPlace place)
    {
        lock (gate)
        {
            places.TryAdd(Key(sha256) ?? throw new ArgumentException($"'{sha256}' is no digest.", nameof(sha256)), place);
        }
    }
}
