using System.Runtime.InteropServices;
using System.Text.Json;

namespace Refinery.Kernel.Journal;

/// <summary>Puts the members of an object in the order of their names' code points; of those with the same name the last one counts.</summary>
internal static class CanonicalMembers
{
    /// <summary>So many are put in order as they are met; more are sorted in a tree.</summary>
    private const int Few = 32;

    /// <exception cref="FormatException">A name holds half a surrogate pair.</exception>
    public static IEnumerable<JsonProperty> Of(JsonElement value) =>
        value.GetPropertyCount() is var count && count <= Few && Insert(value, new JsonProperty[count]) is { Array: not null } few ? few : Sort(value);

    /// <summary>Puts members with plain names in order, whose bytes sort as their code points do; nothing when a name is not plain.</summary>
    private static ArraySegment<JsonProperty> Insert(JsonElement value, JsonProperty[] members)
    {
        var count = 0;
        foreach (var member in value.EnumerateObject())
        {
            var name = JsonMarshal.GetRawUtf8PropertyName(member);
            if (!CanonicalJson.IsPlain(name))
            {
                return default;
            }

            var place = count;
            while (place > 0 && name.SequenceCompareTo(JsonMarshal.GetRawUtf8PropertyName(members[place - 1])) <= 0)
            {
                place--;
            }

            if (place == count || !name.SequenceEqual(JsonMarshal.GetRawUtf8PropertyName(members[place])))
            {
                members.AsSpan(place, count - place).CopyTo(members.AsSpan(place + 1));
                count++;
            }

            members[place] = member;
        }

        return new(members, 0, count);
    }

    private static SortedDictionary<string, JsonProperty>.ValueCollection Sort(JsonElement value)
    {
        var members = new SortedDictionary<string, JsonProperty>(CodePointOrder.Instance);
        foreach (var member in value.EnumerateObject())
        {
            members[CanonicalJson.NameOf(member)] = member;
        }

        return members.Values;
    }
}
